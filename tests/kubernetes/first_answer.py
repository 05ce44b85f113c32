"""How soon an address answers after a command has begun.

  first_answer.py ADDRESS COMMAND...

Asks http://ADDRESS/ every 10 ms until it gives nginx's page, and prints how many
milliseconds after the command's start that was, and after its end (a negative
number: before).
"""
import subprocess
import sys
import time

from cluster_objects import Asker


def main(address, *command):
    """All of it."""
    begun = time.monotonic()
    asker = Asker(address)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    ended = time.monotonic()
    answered = asker.wait()
    print(f"{(answered - begun) * 1000:.0f} {(answered - ended) * 1000:.0f}")


main(*sys.argv[1:])
