#!/usr/bin/env bash
# What storm.py calls a change that nothing asked for. The option keeps compiled
# code out of the source tree.
exec python3 -B tests/kubernetes/unasked_test.py
