"""What `xfelx status --json` says, for a script of a shift: rates with intervals, alarms. Needs nothing but Python.

    python3 read_status.py results
"""
import json
import subprocess
import sys

answer = subprocess.run(["xfelx", "status", "--json", *sys.argv[1:]], stdout=subprocess.PIPE)
if answer.returncode not in (0, 3, 4):  # 3: an alarm stands, 4: the newest number is old
    sys.exit(answer.returncode)
status = json.loads(answer.stdout)
assert status["version"] == 1
for name, rate in status["keys"].items():
    if rate["p"] is not None:
        print(f"{name}: {rate['k']} of {rate['n']}, {rate['p']:.2f} ({rate['lo']:.2f} to {rate['hi']:.2f})")
for alarm in status["alarms"]:
    print(f"alarm {alarm['kind']}: {alarm['text']}; {alarm['hint']}")
