#include "lb/election/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "lb/base/check.h"

namespace lb::election {
namespace {

bool RanksBefore(const RankedNode& a, const RankedNode& b) {
  return std::tie(b.score, a.digest, a.node) <
         std::tie(a.score, b.digest, b.node);
}

}  // namespace

Digester::Digester() : context_(EVP_MD_CTX_new()) {
  LB_CHECK(context_ != nullptr);  // Out of memory.
  LB_CHECK(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
}

Digester::~Digester() { EVP_MD_CTX_free(context_); }

Digest Digester::Of(std::string_view node, std::string_view subject) {
  const auto update = [this](std::string_view bytes) {
    return EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1;
  };
  // Names and addresses of usual length go in at once: a call of OpenSSL costs
  // nearly as much as hashing one of its blocks.
  char text[128];
  const size_t size = node.size() + 1 + subject.size();
  const bool fits = size <= sizeof(text);
  if (fits) {
    node.copy(text, node.size());
    text[node.size()] = '#';
    subject.copy(text + node.size() + 1, subject.size());
  }
  Digest digest;
  // A null type keeps the algorithm and starts anew.
  const bool ok = EVP_DigestInit_ex(context_, nullptr, nullptr) == 1 &&
                  (fits ? update({text, size})
                        : update(node) && update("#") && update(subject)) &&
                  EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1;
  LB_CHECK(ok);
  return digest;
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
