"""What MCP costs a web process in memory and processor time, beside one without it in the same run.

    python benchmarks/mcp_cost.py

Each way is measured in a new process that has answered /healthz: its resident memory, how much of that no
other process could share, and the processor time that it used by then. Nothing is asked of a database.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {
    "SECRET_KEY": "only-for-measuring",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1/0",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "http://127.0.0.1:8000",
    "DEBUG": "false",
    "LOG_LEVEL": "ERROR",
    "PYTHONPATH": str(ROOT),
    "PYTHONWARNINGS": "ignore",
}
WAYS = {
    "a web process without it": "",
    "with the SDK's types alone": "import mcp_types",
    "with the SDK and the tools, after a first ping": "ping()",
}
PROBE = """
import json, re, sys, time
from pathlib import Path
import antigravity.wsgi
import antigravity.urls
from django.test import Client

def ping():
    message = json.dumps({{"jsonrpc": "2.0", "id": 1, "method": "ping"}})
    headers = {{"Host": "127.0.0.1", "Accept": "application/json"}}
    answer = Client().post("/mcp", message, content_type="application/json", headers=headers)
    assert answer.json()["result"] == {{}}, answer.content

assert Client().get("/healthz", headers={{"Host": "127.0.0.1"}}).status_code == 200
{way}
seconds = time.process_time()
kilobytes = dict(re.findall(r"(RssAnon|VmRSS):\\s+([0-9]+) kB", Path("/proc/self/status").read_text()))
memory = [int(kilobytes[name]) / 1e3 for name in ("VmRSS", "RssAnon")]
print(json.dumps([*memory, seconds, len(sys.modules)]))
"""
RUNS = 3  # the best of them: other work on the machine only adds


def measure(way: str) -> list[float]:
    """Megabytes in all and unshared, seconds of processor time, and modules."""
    found = []
    for _ in range(RUNS):
        command = [sys.executable, "-c", PROBE.format(way=way)]
        done = subprocess.run(
            command, check=True, cwd=ROOT, env=os.environ | SETTINGS, stdout=subprocess.PIPE
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return [min(column) for column in zip(*found, strict=True)]


def main() -> None:
    print("| | MB | of them unshared | seconds of a processor | modules |\n|---|---|---|---|---|")
    for name, way in WAYS.items():
        memory, unshared, seconds, modules = measure(way)
        print(f"| {name} | {memory:.0f} | {unshared:.0f} | {seconds:.1f} | {modules} |")


if __name__ == "__main__":
    main()
