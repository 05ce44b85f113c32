#include "lb/election/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "lb/base/check.h"

namespace lb::election {
namespace {

// OpenSSL's SHA-256, looked up once for all digests of one ranking.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    LB_CHECK(context_ != nullptr);  // Out of memory.
    LB_CHECK(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
  }
  ~Sha256() { EVP_MD_CTX_free(context_); }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  Digest Of(std::string_view node, std::string_view subject) {
    Digest digest;
    // A null type keeps the algorithm and starts anew.
    const bool ok =
        EVP_DigestInit_ex(context_, nullptr, nullptr) == 1 &&
        EVP_DigestUpdate(context_, node.data(), node.size()) == 1 &&
        EVP_DigestUpdate(context_, "#", 1) == 1 &&
        EVP_DigestUpdate(context_, subject.data(), subject.size()) == 1 &&
        EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1;
    LB_CHECK(ok);
    return digest;
  }

 private:
  EVP_MD_CTX* context_;
};

bool RanksBefore(const RankedNode& a, const RankedNode& b) {
  return std::tie(b.score, a.digest, a.node) <
         std::tie(a.score, b.digest, b.node);
}

}  // namespace

Digest ComputeDigest(std::string_view node, std::string_view subject) {
  return Sha256().Of(node, subject);
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
  Sha256 sha256;
  std::vector<RankedNode> ranked;
  ranked.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    ranked.push_back(
        {candidate.node, candidate.score, sha256.Of(candidate.node, subject)});
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
