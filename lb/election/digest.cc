#include "lb/election/digest.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

namespace lb::election {
namespace {

bool RanksBefore(const RankedNode& a, const RankedNode& b) {
  return std::tie(b.score, a.digest, a.node) <
         std::tie(a.score, b.digest, b.node);
}

}  // namespace

Digest Digester::Of(std::string_view node, std::string_view subject) {
  // Names and addresses of usual length go in at once: a call of OpenSSL costs
  // nearly as much as hashing one of its blocks.
  char text[128];
  const size_t size = node.size() + 1 + subject.size();
  if (size > sizeof(text)) {
    return sha256_.Add(node).Add("#").Add(subject).Finish();
  }
  node.copy(text, node.size());
  text[node.size()] = '#';
  subject.copy(text + node.size() + 1, subject.size());
  return sha256_.Add({text, size}).Finish();
}

Digest ComputeDigest(std::string_view node, std::string_view subject) {
  return Digester().Of(node, subject);
}

std::string ToHex(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const uint8_t byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

std::vector<RankedNode> Rank(absl::Span<const Candidate> candidates,
                             std::string_view subject) {
  Digester digester;
  std::vector<RankedNode> ranked;
  ranked.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    ranked.push_back({candidate.node, candidate.score,
                      digester.Of(candidate.node, subject)});
  }
  std::sort(ranked.begin(), ranked.end(), RanksBefore);
  return ranked;
}

std::optional<std::string> ElectLedgerAuthor(
    absl::Span<const std::string> members) {
  if (members.empty()) return std::nullopt;
  std::vector<Candidate> candidates;
  for (const std::string& member : members) candidates.push_back({member});
  return Rank(candidates, "ledger").front().node;
}

}  // namespace lb::election
