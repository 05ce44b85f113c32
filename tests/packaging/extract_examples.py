#!/usr/bin/env python3
"""Writes the C++ examples of documentation as one source file, to be compiled.

  extract_examples.py OUT FILE...      FILE: a page, or a tar with headers

An example of a page is a block fenced as ```cpp. One of a header is a block of
its first comment that is indented by three spaces, is no list, and has a line
that ends in a semicolon; with "..." in its code it is a sketch and is left out.
Each becomes the body of a function that nothing calls, in the header's
namespace. It may use the names of examples_given.h. #line makes the compiler
name the page or header where an example is wrong.
"""
import re
import sys
import tarfile


def code_of(line):
    """The line without its comment, as far as examples need it."""
    return re.sub(r'\s*//.*', '', line)


def page_examples(text):
    """Yields (line number, lines) of each ```cpp block."""
    block = None
    for number, line in enumerate(text.split('\n'), 1):
        if block is None and line == '```cpp':
            block = (number + 1, [])
        elif block is not None and line == '```':
            yield block
            block = None
        elif block is not None:
            block[1].append(line)


def header_examples(text):
    """Yields (line number, lines) of each example of the first comment."""
    block = None
    for number, line in enumerate(text.split('\n'), 1):
        if line.startswith('//   '):
            block = block or (number, [])
            block[1].append(line[5:])
            continue
        if block and is_example(block[1]):
            yield block
        block = None
        if not line.startswith('//'):
            return


def is_example(lines):
    if lines[0].startswith((' ', '- ')):  # A list.
        return False
    code = [code_of(line) for line in lines]
    return (any(line.endswith(';') for line in code) and
            not any('...' in line for line in code))


class Source:
    """The file that is compiled."""

    def __init__(self):
        self.includes = []
        self.bodies = []

    def add(self, path, namespace, example):
        number, lines = example
        while lines and (not lines[0] or lines[0].startswith('#include')):
            if lines[0]:
                self.includes.append(lines[0])
            lines = lines[1:]
            number += 1
        self.bodies.append(
            'namespace %s {\nstatic Anything Example%d() {\n#line %d "%s"\n%s\n'
            'return {};\n}\n}\n' % (namespace, len(self.bodies), number, path,
                                    '\n'.join(lines)))

    def add_page(self, path, text):
        if path.startswith('./'):
            path = path[2:]
        for example in page_examples(text):
            self.add(path, 'examples', example)

    def add_headers(self, tar):
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            if not member.name.endswith('.h'):
                continue
            path = member.name[len('include/'):]
            text = tar.extractfile(member).read().decode()
            examples = list(header_examples(text))
            if not examples:
                continue
            self.includes.append('#include "%s"' % path)
            namespace = re.search(r'^namespace (lb[\w:]*) {', text, re.M)
            for example in examples:
                self.add(path, namespace.group(1), example)

    def text(self):
        return '\n'.join(
            self.includes +
            ['#include "tests/packaging/examples_given.h"'] + self.bodies)


def main(out, paths):
    source = Source()
    for path in paths:
        if path.endswith('.tar'):
            with tarfile.open(path) as tar:
                source.add_headers(tar)
        else:
            with open(path, encoding='utf-8') as page:
                source.add_page(path, page.read())
    if not source.bodies:
        sys.exit('no example in ' + ' '.join(paths))
    with open(out, 'w', encoding='utf-8') as file:
        file.write(source.text())


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
