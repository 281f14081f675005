#!/usr/bin/env python3
"""The oracle of GRPO's arithmetic: advantages, loss and its gradient by every token's log-probability, by torch's autograd in f64.

    grpo.py write                  tests/golden/rl/mini_batches.jsonl, which tests/lib/rl/advantage_test.cc reads
    grpo.py compare PROBE [N]      compares PROBE (build/bin/grpo_probe) on mini-batches of at least N random groups, 1,000 by default

A statement from definitions. Group advantage (Shao et al., arXiv:2402.03300) with the deviation of n - 1 and 1e-6 beside it; a lone
rollout has mean 0 and deviation 1; a group whose rewards are all equal has none. A token's loss is the worse of -A r and
-A clip(r, 1 - low, 1 + high) (PPO, arXiv:1707.06347; two bounds: DAPO, arXiv:2503.14476), at most -A c for A < 0 (dual clip,
arXiv:1912.09729), times min(cap, p_trainer / p_sampler), plus kl * clamp(exp(d) - d - 1, -10, 10), d = reference - log p. The means
are verl's: micro-token-mean as of March 2025, the others as its agg_loss names them today; a rollout that is left out of the loss is
in none of them.
"""
import json
import pathlib
import random
import subprocess
import sys

import torch

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/rl/mini_batches.jsonl"
MEANS = ("micro-token-mean", "token-mean", "seq-mean-token-mean", "seq-mean-token-sum")
LIMIT = 1e-5


def is_flat(rewards):
    return len(rewards) > 1 and min(rewards) == max(rewards)


def advantages(rewards):
    r = torch.tensor(rewards, dtype=torch.float64)
    if is_flat(rewards):
        return torch.zeros_like(r)
    mean, std = (r.mean(), r.std(unbiased=True)) if len(rewards) > 1 else (0.0, 1.0)
    return (r - mean) / (std + 1e-6)


def token_losses(now, old, reference, sampled, advantage, rule):
    """All of a rollout's tokens; old and reference may be None."""
    frozen = now.detach() if old is None else old
    ratio = torch.exp(now - frozen)
    bounded = torch.clamp(ratio, 1 - rule["clip_low"], 1 + rule["clip_high"])
    loss = torch.maximum(-advantage * ratio, -advantage * bounded)
    if rule["dual_clip"] > 0 and advantage < 0:
        loss = torch.minimum(loss, -advantage * torch.as_tensor(rule["dual_clip"], dtype=loss.dtype))
    if rule["cap"] > 0:
        loss = loss * torch.clamp(torch.exp(frozen - sampled), max=rule["cap"])
    if rule["kl"] > 0:
        d = reference - now
        loss = loss + rule["kl"] * torch.clamp(torch.exp(d) - d - 1, min=-10, max=10)
    return loss


def mean_of(losses, counts, rule):
    """`losses`: a tensor of each rollout's tokens; `counts`: whether it is in the loss."""
    kept = [loss for loss, c in zip(losses, counts) if c]
    if not kept:
        return torch.zeros((), dtype=torch.float64)
    if rule["mean"] == "micro-token-mean":
        parts = []
        for at in range(0, len(losses), rule["micro_batch"]):
            micro = [loss for loss, c in zip(losses[at:at + rule["micro_batch"]], counts[at:at + rule["micro_batch"]]) if c]
            parts.append(torch.cat(micro).mean() if micro else torch.zeros((), dtype=torch.float64))
        return torch.stack(parts).mean()
    if rule["mean"] == "token-mean":
        return torch.cat(kept).mean()
    if rule["mean"] == "seq-mean-token-mean":
        return torch.stack([loss.mean() for loss in kept]).mean()
    return torch.stack([loss.sum() / rule["most_tokens"] for loss in kept]).mean()


def single(values):
    """As the trainer's seam holds them."""
    return None if values is None else torch.tensor(values, dtype=torch.float32).double()


def outcome(row):
    adv = [advantages(g["rewards"]) for g in row["groups"]]
    now, losses, counts = [], [], []
    for g, a in zip(row["groups"], adv):
        for w, own in zip(g["rollouts"], a):
            now.append(torch.tensor(w["now"], dtype=torch.float64, requires_grad=True))
            losses.append(token_losses(now[-1], single(w.get("old")), single(w.get("reference")), single(w["sampled"]), own, row))
            counts.append(not (row["mask_truncated"] and w["truncated"]))
    loss = mean_of(losses, counts, row)
    size = mean_of([x.detach().abs() for x in losses], counts, row).item()
    if loss.requires_grad:
        loss.backward()
    return {"size": size, "advantages": [a.tolist() for a in adv], "flat": [is_flat(g["rewards"]) for g in row["groups"]], "loss": loss.item(),
            "gradient": [(torch.zeros_like(n) if n.grad is None else n.grad).tolist() for n in now]}


def random_rewards(rng, n):
    kind = rng.randrange(8)
    if kind < 3:
        return [rng.choice((-1.0, 1.0)) for _ in range(n)]
    if kind == 3:
        return [rng.gauss(0, 2) for _ in range(n)]
    if kind == 4:
        return [rng.choice((0.1, -1.0, 1.0, 1 / 3, 1e-9, 7e5))] * n
    if kind == 5:  # nearly equal, and not: steps of the last bit
        base = rng.choice((0.1, 0.3, 1.0, -2.5))
        return [base * (1 + 2**-52 * rng.randrange(3)) for _ in range(n)]
    if kind == 6:
        return [0.5 + rng.choice((1e-7, 1e-6, 1e-5)) * rng.randrange(4) for _ in range(n)]
    return [1e4 + rng.gauss(0, 1) for _ in range(n)]


def random_rollout(rng, most, rule, known):
    n = rng.randint(1, most)
    near = lambda x, spread: round(x + rng.gauss(0, spread if rng.random() < 0.7 else 6 * spread), 4)
    now = [round(-rng.expovariate(0.7), 4) for _ in range(n)]
    w = {"truncated": rng.random() < 0.25, "now": now}
    if known:
        w["old"] = [near(x, 0.15) for x in now]
    if rule["kl"] > 0:
        w["reference"] = [near(x, 0.6) for x in now]
    w["sampled"] = [near(x, 0.2) for x in w.get("old", now)]
    return w


def random_row(rng, index, groups, most, largest):
    row = {"mean": MEANS[index % 4], "micro_batch": rng.choice((1, 2, 3, 4, 7, 100)), "most_tokens": most,
           "pass_tokens": rng.choice((1, 9, 30, 60, 1000)), "mask_truncated": rng.random() < 0.4,
           "cap": rng.choice((0, 0, 1.0, 2.0)), "clip_low": rng.choice((0.2, 0.2, 0.1)), "dual_clip": rng.choice((0, 0, 3.0, 1.2)),
           "kl": rng.choice((0, 0.001, 0.05, 2.0))}
    row["clip_high"] = rng.choice((row["clip_low"], 0.28))
    known = row["cap"] > 0 or rng.random() < 0.75
    row["groups"] = []
    for _ in range(rng.randint(1, groups)):
        n = rng.choice((1, 2, 7, rng.randint(1, largest)))
        n = min(n, largest)
        row["groups"].append({"prompt": rng.randint(1, 20), "rewards": random_rewards(rng, n),
                              "rollouts": [random_rollout(rng, most, row, known) for _ in range(n)]})
    return row


def short(x):
    return [short(v) for v in x] if isinstance(x, list) else float(f"{x:.9g}")


def write():
    rng = random.Random(20250505)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with open(OUT, "w") as out:
        for i in range(60):
            row = random_row(rng, i, 3, 6, 7)
            o = outcome(row)
            row["expected"] = {"flat": o["flat"]} | {k: short(o[k]) for k in ("advantages", "loss", "size", "gradient")}
            out.write(json.dumps(row, separators=(",", ":")) + "\n")
    print(f"60 mini-batches, {OUT.stat().st_size} bytes")


def compare(probe, count):
    rng = random.Random(9)
    rows, groups, flats, tokens = [], 0, 0, 0
    while groups < count:
        rows.append(random_row(rng, len(rows), 8, 12, 16))
        groups += len(rows[-1]["groups"])
    text = "".join(json.dumps(r) + "\n" for r in rows)
    found = subprocess.run([probe], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(found) == len(rows), f"{len(found)} answers to {len(rows)} lines"
    worst, wrong = {"advantages": 0.0, "loss": 0.0, "gradient": 0.0}, 0
    for at, (row, line) in enumerate(zip(rows, found)):
        want, got = outcome(row), json.loads(line)
        flat_ones = [(a, g) for f, a, g in zip(want["flat"], got["advantages"], got["flat"]) if f]
        flats += len(flat_ones)
        off = {"loss": abs(got["loss"] - want["loss"]) / max(want["size"], 1e-30)}  # its terms may cancel
        for what in ("advantages", "gradient"):
            a, b = (torch.tensor([float("nan") if v is None else v for r in x[what] for v in r], dtype=torch.float64)
                    for x in (got, want))
            tokens += a.numel() if what == "gradient" else 0
            off[what] = float((a - b).abs().max() / max(b.abs().max(), 1e-30)) if a.shape == b.shape else float("nan")
            if float(b.abs().max()) == 0:
                off[what] = float(a.abs().max())
        ok = all(v <= LIMIT for v in off.values()) and got["flat"] == want["flat"] and got["strays"] == 0
        ok = ok and all(v == 0 for a, _ in flat_ones for v in a)
        wrong += not ok
        if not ok and wrong <= 5:
            print(f"mini-batch {at} differs: {off}", {k: v for k, v in row.items() if k != "groups"})
        worst = {k: max(worst[k], v) for k, v in off.items()}
    print(f"{len(rows)} mini-batches, {groups} groups ({flats} flat), {tokens} tokens: {wrong} differ; worst "
          + ", ".join(f"{k} {v:.1e}" for k, v in worst.items()) + f" (at most {LIMIT:.0e})")
    return wrong


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write()
    elif sys.argv[1:2] == ["compare"]:
        sys.exit(1 if compare(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1000) else 0)
    else:
        sys.exit(__doc__)
