// A workspace outside the tree: which node takes an address, and who is next.
//
//   bazel run //:rank -- 192.0.2.10 n1 n2 n3
#include <cstdio>
#include <vector>

#include "lb/election/digest.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: rank ADDRESS NODE...\n");
    return 2;
  }
  std::vector<lb::election::Candidate> candidates;
  for (int i = 2; i < argc; ++i) candidates.push_back({.node = argv[i]});
  for (const auto& ranked : lb::election::Rank(candidates, argv[1])) {
    std::printf("%s\n", ranked.node.c_str());
  }
  return 0;
}
