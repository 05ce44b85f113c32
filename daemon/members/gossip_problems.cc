#include "daemon/members/gossip_problems.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "lb/base/check.h"

namespace lb {
namespace {

using gossip::wire::Mismatch;

std::string_view RemedyOf(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::kOtherKey:
      return "the same gossip-secret-file on all nodes, byte by byte: a "
             "newline at its end counts";
    case Mismatch::kTheirsClear:
      return "the same gossip-secret-file there";
    case Mismatch::kOursClear:
      return "the same gossip-secret-file here";
    case Mismatch::kOtherLabel:
      return "one label in one cluster";
    case Mismatch::kOursRefused:
      return "the same gossip-secret-file on all nodes, or "
             "gossip-key-derivation: legacy here while a node knows no other";
  }
  LB_UNREACHABLE();
}

}  // namespace

std::string DescribeMismatch(Mismatch mismatch, std::string_view seed) {
  return fmt::format(
      "gossip: {}{}, want {}",
      seed.empty() ? "" : fmt::format("\"{}\" of the join list: ", seed),
      ToString(mismatch), RemedyOf(mismatch));
}

std::string DescribeStreamOnly(const net::Endpoint& endpoint) {
  return fmt::format(
      "gossip: answers at {} over TCP, but not over UDP, want UDP port {} let "
      "through both ways, by the firewalls of both hosts and between them",
      endpoint.ToString(), endpoint.port);
}

std::string DescribeUnanswered(const gossip::Seeds::Unanswered& seed) {
  std::vector<std::string> endpoints;
  for (const net::Endpoint& endpoint : seed.endpoints) {
    endpoints.push_back(endpoint.ToString());
  }
  return fmt::format(
      "join: {}never answered: {}, want a node that answers there with the "
      "same secret, or the join list without it",
      endpoints.empty() ? "" : fmt::format("{} ", fmt::join(endpoints, ", ")),
      seed.why);
}

}  // namespace lb
