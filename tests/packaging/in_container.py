"""Runs a command as a container runtime would: with the image's files as its
root, as a user, with some capabilities, which cannot grow.

  in_container.py ROOT USER CAPABILITY,... COMMAND...

USER is a number; "-" stands for no capability. As runc does it: the bounding and
the permitted set have these capabilities when the command is executed, and
no_new_privs is set. What a user other than root has then, the file says. With
ESCALATE=1 the permitted set is empty, and the command may gain what the bounding
set has.
"""
import ctypes
import os
import sys

CAPABILITIES = {"NET_ADMIN": 12, "NET_RAW": 13}
LAST = 63
VERSION = 0x20080522  # linux/capability.h: two words for each set.
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 8, 24, 38

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    """Ends the program if a call of libc failed."""
    if result != 0:
        sys.exit(f"in_container: {os.strerror(ctypes.get_errno())}")


def keep_only(wanted):
    """In the permitted and the effective set."""
    bits = sum(1 << number for number in wanted)
    header = (ctypes.c_uint32 * 2)(VERSION, 0)
    sets = (ctypes.c_uint32 * 6)(bits, bits, 0, 0, 0, 0)
    check(libc.capset(header, sets))


def main():
    """Becomes the command."""
    root, user, names, *command = sys.argv[1:]
    wanted = [CAPABILITIES[name] for name in names.split(",") if name != "-"]
    os.chroot(root)
    os.chdir("/")
    for number in range(LAST + 1):
        if number not in wanted:
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    check(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
    if os.environ.get("ESCALATE"):
        keep_only([])
    else:
        keep_only(wanted)
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    # The image's PATH is the one that counts.
    os.execve(command[0], command,
              dict(os.environ, PATH="/usr/sbin:/usr/bin"))


main()
