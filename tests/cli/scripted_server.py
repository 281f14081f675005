#!/usr/bin/env python3
"""An OpenAI-compatible server that answers by script: replies that depend on the prompt alone, failures by chance or on demand.

Prints its port on the first line of standard output and ends with standard input. What goes wrong is drawn from --seed, the
prompt and how often that prompt was asked, so it does not depend on the order of requests. A prompt may also ask for one
thing itself: #status=400, #say=WORDS, #filter, #length, #huge, #hang, #thought, #garbage, #fail=N (the first N tries fail).
A reply is "<answer>[[V]]</answer> DIGEST PROMPT", where V follows from the digest; where both answers hold #q=N, the one with the
larger N is preferred, and an answer to be rated gets its N, else 1 to 5. With --teacher a reply is a chain that ends in its verdict;
one that is told the right verdict (rm-distill correct) comes to it, and repeats what it was told in a share --repeat of the prompts.
GET /stats: {"served": {digest: completions sent whole}, "asked": requests, "connections": ..., "most": in flight at once}.
"""
import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import ssl
import sys

KINDS = ["429", "500", "503", "drop", "cut", "slow", "malformed", "empty"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--fail", type=float, default=0, help="share of requests that go wrong")
    p.add_argument("--kinds", default=",".join(KINDS), help="how, by chance: " + ",".join(KINDS))
    p.add_argument("--retry-after", default="0.05", help="of a 429")
    p.add_argument("--model", action="append", default=[], help="what is offered; any other name is a 404")
    p.add_argument("--key", help="the one that is accepted")
    p.add_argument("--delay", type=float, default=0, help="seconds before a reply, drawn from zero to twice that")
    p.add_argument("--huge", type=int, default=1 << 20, help="bytes of a #huge reply")
    p.add_argument("--teacher", action="store_true", help="replies are chains that end in their verdict")
    p.add_argument("--repeat", type=float, default=0, help="share of the prompts with a hint whose replies repeat it")
    p.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="speak HTTPS")
    p.add_argument("--no-models", action="store_true", help="GET /models is a 404")
    return p.parse_args()


def digest(messages):
    text = "".join(f"{m['role']}\0{m['content']}\0" for m in messages)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def reply_text(messages):
    d = digest(messages)
    prompt = messages[-1]["content"]
    if "[Answer of the chatbot begins]" in prompt:
        wanted = re.search(r"#q=(\d+)", prompt)
        return f"<answer>[[{wanted[1] if wanted else 1 + int(d, 16) % 5}]]</answer> {d}"
    if len(quality := re.findall(r"#q=(\d+)", prompt)) == 2:
        return f"<answer>[[{'A' if int(quality[0]) > int(quality[1]) else 'B'}]]</answer> {d}"
    return f"<answer>[[{'AB'[int(d, 16) % 2]}]]</answer> {d} {messages[-1]['content']}"


def chain_text(messages, repeat):
    d = digest(messages)
    hint = re.search(r"\[Note to the judge.*The right verdict is <answer>\[\[([AB])\]\]</answer>.*", messages[-1]["content"], re.S)
    letter = hint[1] if hint else "AB"[int(d, 16) % 2]
    said = hint[0] if hint and random.Random(d).random() < repeat else "Both were read."
    return f"<type>Chat</type>\n<eval>{d} {said}</eval>\n<answer>[[{letter}]]</answer>"


def tokens(text):
    """Pieces of a reply with made-up probabilities; a lone letter's twin is among the likely ones."""
    out = []
    for piece in re.findall(r"\s?\w+|\W", text):
        letter, twin = piece.strip(), {"A": "B", "B": "A"}.get(piece.strip())
        likely = [(piece, -0.25)] + ([(piece.replace(letter, twin), -1.5)] if twin else [])
        top = [{"token": t, "logprob": p, "bytes": list(t.encode())} for t, p in likely]
        out.append({**top[0], "top_logprobs": top})
    return out


class Script:
    def __init__(self, options):
        self.o = options
        self.models = options.model or ["scripted"]
        self.kinds = options.kinds.split(",")
        self.asked, self.served = {}, {}
        self.connections = self.in_flight = self.most = 0

    def accident(self, messages, nth):
        d = digest(messages)
        wanted = re.search(r"#fail=(\d+)", messages[-1]["content"])
        chance = random.Random(f"{self.o.seed} {d} {nth}")
        if wanted:
            return chance.choice(self.kinds) if nth < int(wanted[1]) else None
        return chance.choice(self.kinds) if chance.random() < self.o.fail else None

    async def connection(self, reader, writer):
        self.connections += 1
        try:
            while await self.exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split("\r\n", 1)[0].split(" ", 2)
        fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)}
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        if path == "/stats":
            return self.send(writer, 200, {"served": self.served, "asked": sum(self.asked.values()),
                                           "connections": self.connections, "most": self.most})
        if self.o.key and fields.get("authorization") != "Bearer " + self.o.key:
            said = fields.get("authorization", "nothing")
            return self.send(writer, 401, {"error": {"message": f"Incorrect API key provided: {said}", "code": "invalid_api_key"}})
        if method == "GET" and path == "/v1/models" and not self.o.no_models:
            return self.send(writer, 200, {"object": "list", "data": [{"id": m, "object": "model"} for m in self.models]})
        if path == "/moved/chat/completions":
            return self.send(writer, 308, {}, {"Location": "http://elsewhere.invalid/v1"})
        if method != "POST" or path != "/v1/chat/completions":
            return self.send(writer, 404, {"detail": "Not Found"})
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            return await self.complete(writer, json.loads(body))
        finally:
            self.in_flight -= 1

    def send(self, writer, status, value, extra={}):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        lines = [f"HTTP/1.1 {status} Scripted", "Content-Type: application/json", f"Content-Length: {len(data)}"]
        writer.write("\r\n".join(lines + [f"{k}: {v}" for k, v in extra.items()] + ["", ""]).encode() + data)
        return True

    async def complete(self, writer, request):
        if request["model"] not in self.models:
            words = f"The model `{request['model']}` does not exist."
            return self.send(writer, 404, {"error": {"message": words, "type": "NotFoundError", "code": 404}})
        messages = request["messages"]
        if request.get("continue_final_message"):
            messages = messages[:-1]
        prompt, d = messages[-1]["content"], digest(messages)
        nth = self.asked.get(d, 0)
        self.asked[d] = nth + 1
        if self.o.delay:
            await asyncio.sleep(random.Random(f"{d} {nth}").random() * 2 * self.o.delay)
        if "#hang" in prompt:
            await asyncio.sleep(3600)
        if wanted := re.search(r"#status=(\d+)", prompt):
            words = re.search(r"#say=(.*)", prompt)
            return self.send(writer, int(wanted[1]), {"error": {"message": words[1] if words else "no", "type": "scripted"}})
        return await self.reply(writer, request, messages, self.accident(messages, nth))

    async def reply(self, writer, request, messages, accident):
        if accident == "drop":
            return False
        if accident in ("500", "503"):
            return self.send(writer, int(accident), {"error": {"message": "an accident"}})
        if accident == "429":
            return self.send(writer, 429, {"error": {"message": "too busy"}}, {"Retry-After": self.o.retry_after})
        text, prompt = chain_text(messages, self.o.repeat) if self.o.teacher else reply_text(messages), messages[-1]["content"]
        finish = "length" if "#length" in prompt else "content_filter" if "#filter" in prompt else "stop"
        if "#huge" in prompt:
            text = "x" * self.o.huge
        thought = "thinking" if "#thought" in prompt else None
        pieces = self.pieces(request, text, finish, thought) if request.get("stream") else [
            json.dumps(self.whole(request, text, finish, thought)).encode()]
        if "#garbage" in prompt:
            pieces = [b"<html>nobody home</html>"]
        if accident == "empty":
            pieces = [b'{"choices": []}']
        if accident == "malformed":
            pieces = pieces[:-1] + [pieces[-1][: len(pieces[-1]) // 2]] if len(pieces) == 1 else [pieces[0], b"data: {\"cho\n\n"]
        return await self.deliver(writer, request, messages, pieces, accident)

    async def deliver(self, writer, request, messages, pieces, accident):
        kind = "text/event-stream" if request.get("stream") else "application/json"
        size = sum(map(len, pieces))
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode())
        if accident == "cut":
            writer.write(b"".join(pieces)[: size // 2])
            await writer.drain()
            return False
        if accident == "slow":
            whole = b"".join(pieces)
            pieces = [whole[i:i + size // 4 + 1] for i in range(0, size, size // 4 + 1)]
        for piece in pieces[:-1]:
            writer.write(piece)
            if accident == "slow":
                await writer.drain()
                await asyncio.sleep(0.02)
        if accident in (None, "slow"):  # counted before the client can have all of it and ask for the counts
            d = digest(messages)
            self.served[d] = self.served.get(d, 0) + 1
        writer.write(pieces[-1])
        await writer.drain()
        return True

    def whole(self, request, text, finish, thought):
        message = {"role": "assistant", "content": text}
        if thought:
            message["reasoning_content"] = thought
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        if request.get("logprobs"):
            choice["logprobs"] = {"content": tokens(text)}
        return {"id": "c", "object": "chat.completion", "model": request["model"], "choices": [choice],
                "usage": {"prompt_tokens": 7, "completion_tokens": len(text) // 4}}

    def pieces(self, request, text, finish, thought):
        event = lambda choices, **more: b"data: " + json.dumps({"choices": choices, **more}).encode() + b"\n\n"
        delta = lambda d, reason=None, **more: event([{"index": 0, "delta": d, "finish_reason": reason, **more}])
        out = [b": hello\r\n\r\n", delta({"role": "assistant", "content": ""})]
        if thought:
            out.append(delta({"reasoning_content": thought}))
        if request.get("logprobs"):
            out += [delta({"content": t["token"]}, logprobs={"content": [t]}) for t in tokens(text)]
        else:
            out += [delta({"content": text[i:i + 9]}) for i in range(0, len(text), 9)]
        usage = {"prompt_tokens": 7, "completion_tokens": len(text) // 4}
        return out + [delta({}, finish), event([], usage=usage), b"data: [DONE]\n\n"]


async def main():
    script = Script(arguments())
    tls = None
    if script.o.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*script.o.tls)
    server = await asyncio.start_server(script.connection, "127.0.0.1", script.o.port, limit=1 << 26, backlog=512, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)  # whatever hangs, hangs no longer


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
