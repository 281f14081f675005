#!/usr/bin/env python3
"""GRPO steps of TRL's GRPOTrainer on the CPU, for bench/grpo.py: the model folder, prompts and lengths that rm-rl gets.

    python bench/grpo_peer.py FOLDER prompts.jsonl --rollouts 8 --max-tokens 64 --steps 3 [--dtype bf16|f32|bf16-weights]
        [--rows 16] [--slices N] [--keep] [--continuous] [--lora RANK] [--threads 2]
    python bench/grpo_peer.py --folder OUT GGUF [--never-stop]

prompts.jsonl: what rm-judge --show-prompt wrote, `text` and `ids`; all of them are every step's prompts. Weights, moments and gradients
are f32 and --dtype bf16 is autocast, as in bench/train_peer.py; bf16-weights keeps all of them in bf16, which an update of 1e-6 does not
survive. --rows: sequences a micro-batch; --slices: rollouts are written in N parts instead of at once; --keep: no gradient
checkpointing. One optimizer step a batch, KL 0.001 against a reference model (LoRA: the adapter switched off). Prints one JSON object:
seconds of each step and of its parts, the same in seconds of the processor, tokens, peak memory in bytes, TRL's own metrics.
"""
import argparse
import json
import os
import resource
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import llama
from grpo_reward import reward

TRL = llama.CACHE / "peers" / "trl-1.16.0"
RARE = "<jupyter_script>"  # a token of SmolLM2's that an instruct model never writes
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def save_folder(gguf, out, never_stop):
    """The GGUF's weights in f32, config and tokenizer, as transformers saves them; --never-stop: the end token is one that never comes."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    folder, name = os.path.split(gguf)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32,
                                                 quantization_config=GgufConfig(dequantize=True))
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    if never_stop:
        tokenizer.eos_token = RARE
        model.config.eos_token_id = model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(RARE)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def now():
    return {"seconds": time.monotonic(), "cpu": time.process_time()}


class Clock:
    """Parts of a step, in seconds and in seconds of the processor. What is in no part is the optimizer's and the loop's."""

    def __init__(self):
        self.steps, self.parts, self.tokens, self.began = [], {}, 0, None

    def timed(self, part, call):
        began = now()
        out = call()
        for kind, at in now().items():
            self.parts.setdefault(kind, {}).setdefault(part, 0.0)
            self.parts[kind][part] += at - began[kind]
        return out

    def start(self):
        self.began, self.parts, self.tokens = now(), {}, 0

    def end(self):
        step = {"tokens": self.tokens}
        for kind, at in now().items():
            parts = {p: self.parts.get(kind, {}).get(p, 0.0) for p in ("generation", "reference", "reward", "training")}
            whole, training = at - self.began[kind], parts.pop("training")  # a step of training holds all the others
            parts.update(update=training - sum(parts.values()), optimizer=whole - training)
            step.update({kind: whole, **parts} if kind == "seconds" else {kind: {"seconds": whole, **parts}})
        self.steps.append(step)
        print(json.dumps(step), file=sys.stderr, flush=True)
        self.start()


def trainer_of(a, prompts, clock, work):
    import datasets
    import pyarrow
    import transformers
    from trl import GRPOConfig, GRPOTrainer

    class Timed(GRPOTrainer):
        def _generate(self, *args, **kw):
            out = clock.timed("generation", lambda: super(Timed, self)._generate(*args, **kw))
            if [list(ids) for ids in out[0]] != [ids_of[text] for text in args[0]]:
                raise SystemExit("TRL's tokens of a prompt are not those that rm-judge shows")
            clock.tokens += sum(len(ids) for ids in out[1])
            return out

        def _calculate_rewards(self, *args, **kw):
            return clock.timed("reward", lambda: super(Timed, self)._calculate_rewards(*args, **kw))

        def _get_per_token_logps_and_entropies(self, *args, **kw):
            import torch
            if torch.is_grad_enabled():
                return super()._get_per_token_logps_and_entropies(*args, **kw)
            return clock.timed("reference", lambda: super(Timed, self)._get_per_token_logps_and_entropies(*args, **kw))

        def training_step(self, *args, **kw):
            return clock.timed("training", lambda: super(Timed, self).training_step(*args, **kw))

    class Steps(transformers.TrainerCallback):
        def on_train_begin(self, *_, **__):
            clock.start()

        def on_step_end(self, *_, **__):
            clock.end()

    ids_of = {p["text"]: p["ids"] for p in prompts}

    batch = len(prompts) * a.rollouts
    if batch % a.rows or (batch // a.rows) % a.slices:
        raise SystemExit(f"{batch} rollouts are no multiple of --rows {a.rows} times --slices {a.slices}")
    accumulate = batch // a.rows
    half = a.dtype == "bf16-weights"
    config = GRPOConfig(
        output_dir=work, use_cpu=True, bf16=a.dtype == "bf16", seed=7, max_steps=a.steps, save_strategy="no", report_to="none",
        logging_steps=1, disable_tqdm=True, shuffle_dataset=False, dataloader_pin_memory=False,
        per_device_train_batch_size=a.rows, gradient_accumulation_steps=accumulate, steps_per_generation=accumulate // a.slices,
        num_generations=a.rollouts, max_completion_length=a.max_tokens, temperature=1.0, top_p=1.0, top_k=0,
        use_transformers_continuous_batching=a.continuous,
        beta=0.001, num_iterations=1, epsilon=0.2, loss_type="dapo", use_bias_correction_kl=False,
        learning_rate=1e-6, lr_scheduler_type="constant", adam_beta1=0.9, adam_beta2=0.999, weight_decay=0.01, max_grad_norm=1.0,
        gradient_checkpointing=not a.keep, gradient_checkpointing_kwargs={"use_reentrant": False},
        model_init_kwargs={"dtype": "bfloat16" if half else "float32", "attn_implementation": "sdpa"})
    peft = None
    if a.lora:
        from peft import LoraConfig
        peft = LoraConfig(r=a.lora, lora_alpha=2 * a.lora, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")
    # with a fingerprint of our own: to make one, datasets pickles a class of pyarrow that cannot be pickled
    table = datasets.Dataset(pyarrow.table({"prompt": [p["text"] for p in prompts]}), fingerprint="prompts")
    trainer = Timed(model=a.folder, reward_funcs=lambda completions, **_: [reward(c) for c in completions], args=config, peft_config=peft,
                    train_dataset=table, callbacks=[Steps()])
    trainer.remove_callback(transformers.PrinterCallback)
    return trainer


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("folder")
    a.add_argument("prompts")
    a.add_argument("--rollouts", type=int, default=8)
    a.add_argument("--max-tokens", type=int, default=64)
    a.add_argument("--steps", type=int, default=3)
    a.add_argument("--dtype", choices=["bf16", "f32", "bf16-weights"], default="bf16")
    a.add_argument("--rows", type=int, default=16)
    a.add_argument("--slices", type=int, default=1)
    a.add_argument("--keep", action="store_true")
    a.add_argument("--continuous", action="store_true", help="transformers' continuous batching writes the rollouts")
    a.add_argument("--lora", type=int, default=0)
    a.add_argument("--threads", type=int, default=os.cpu_count())
    a = a.parse_args()
    os.environ.update(HF_HUB_OFFLINE="1", TRL_EXPERIMENTAL_SILENCE="1")
    sys.path.append(str(TRL))
    import torch
    torch.set_num_threads(a.threads)
    clock = Clock()
    prompts = [json.loads(line) for line in open(a.prompts, encoding="utf-8")]
    with tempfile.TemporaryDirectory() as work:
        trainer = trainer_of(a, prompts, clock, work)
        loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        trainer.train()
        logs = [r for r in trainer.state.log_history if "grad_norm" in r]
    keys = ("loss", "grad_norm", "kl", "reward", "reward_std", "frac_reward_zero_std", "completions/mean_length", "step_time")
    print(json.dumps({"steps": clock.steps, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "peak_loaded": loaded,
                      "trl": [{k: r[k] for k in keys if k in r} for r in logs]}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--folder"]:
        save_folder(sys.argv[3], sys.argv[2], "--never-stop" in sys.argv)
    else:
        main()
