#include "lb/announce/proxy_check.h"

#include <algorithm>

#include "absl/numeric/int128.h"

namespace lb::announce {
namespace {

// Prime to every block's size, so that all of a block comes up in turn, and far
// enough that decoys are no neighbours.
constexpr uint32_t kStride = 101;
constexpr uint32_t kTriesPerBlock = 256;
constexpr int kBlocks = 16;  // On each side.

// The `step`-th address after the one of `vip`, in the block (a /24 or /112)
// that is `blocks` after its own.
net::IpAddress AddressIn(const net::IpAddress& vip, int blocks, uint32_t step) {
  const absl::uint128 size = vip.is_ipv4() ? 256 : 65536;
  const absl::uint128 low = (vip.number() % size + kStride * step) % size;
  const absl::uint128 high =
      vip.number() - vip.number() % size +
      (blocks < 0 ? absl::uint128(0) - size * static_cast<uint32_t>(-blocks)
                  : size * static_cast<uint32_t>(blocks));
  return vip.is_ipv4() ? net::IpAddress::Ipv4(static_cast<uint32_t>(high + low))
                       : net::IpAddress::Ipv6(high + low);
}

// Network and broadcast addresses of most prefixes.
bool IsAtBlocksEnd(const net::IpAddress& address) {
  const absl::uint128 low = address.number() % 256;
  return low == 0 || low == 255;
}

}  // namespace

std::vector<net::IpAddress> ChooseDecoys(const net::IpAddress& vip,
                                         const IsSpare& is_spare,
                                         size_t count) {
  std::vector<net::IpAddress> decoys;
  for (int side = 0; side < 2 * kBlocks + 1; ++side) {
    const int blocks = side % 2 == 1 ? (side + 1) / 2 : -side / 2;
    for (uint32_t step = 1; step < kTriesPerBlock; ++step) {
      const net::IpAddress decoy = AddressIn(vip, blocks, step);
      if (IsAtBlocksEnd(decoy) || !is_spare(decoy)) continue;
      decoys.push_back(decoy);
      if (decoys.size() == count) return decoys;
    }
  }
  return decoys;
}

void ProxyCheck::Suspect(absl::Time now, const net::MacAddress& mac,
                         const net::IpAddress& vip, const IsSpare& is_spare) {
  ForgetOld(now);
  const Key key = {mac, vip.family()};
  const auto known = checks_.find(key);
  const bool is_known = known != checks_.end();
  if (is_known && (known->second.asking || now < known->second.until)) return;
  if (!is_known && checks_.size() >= kSuspectsMax) return;
  Check check = {.decoys = ChooseDecoys(vip, is_spare, kDecoys),
                 .ask_at = now,
                 .until = now + kWait,
                 .is_proxy = is_known && known->second.is_proxy};
  if (check.decoys.size() < kAnswersMin) {
    // Not to be looked for with each claim.
    check.asking = false;
    check.ask_at = absl::InfiniteFuture();
    check.until = now + kHolds;
    checks_.insert_or_assign(key, std::move(check));
    return;
  }
  checks_.insert_or_assign(key, std::move(check));
  ++asking_;
}

void ProxyCheck::OnClaim(const net::IpAddress& address,
                         const net::MacAddress& mac) {
  const auto it = checks_.find({mac, address.family()});
  if (it == checks_.end() || !it->second.asking) return;
  const auto& decoys = it->second.decoys;
  if (std::find(decoys.begin(), decoys.end(), address) != decoys.end()) {
    it->second.answered.insert(address);
  }
}

ProxyCheck::Verdict ProxyCheck::VerdictOf(const net::MacAddress& mac,
                                          net::IpFamily family) const {
  const auto it = checks_.find({mac, family});
  if (it == checks_.end()) return Verdict::kUnknown;
  if (it->second.is_proxy) return Verdict::kProxy;
  if (it->second.decoys.size() < kAnswersMin) return Verdict::kUnknown;
  return it->second.asking ? Verdict::kAsking : Verdict::kHost;
}

absl::btree_set<net::IpAddress> ProxyCheck::Decoys() const {
  absl::btree_set<net::IpAddress> decoys;
  if (asking_ == 0) return decoys;
  for (const auto& [key, check] : checks_) {
    if (check.asking) decoys.insert(check.decoys.begin(), check.decoys.end());
  }
  return decoys;
}

std::vector<net::IpAddress> ProxyCheck::TakeQuestions(absl::Time now) {
  std::vector<net::IpAddress> questions;
  if (asking_ == 0) return questions;
  for (auto& [key, check] : checks_) {
    if (check.ask_at > now) continue;
    check.ask_at = check.asked_once ? absl::InfiniteFuture() : now + kAskAgain;
    check.asked_once = true;
    questions.insert(questions.end(), check.decoys.begin(), check.decoys.end());
  }
  return questions;
}

std::vector<ProxyCheck::Judged> ProxyCheck::TakeJudged(absl::Time now) {
  std::vector<Judged> judged;
  if (asking_ == 0) return judged;
  for (auto& [key, check] : checks_) {
    const bool is_proxy = check.answered.size() >= kAnswersMin;
    if (!check.asking || (!is_proxy && now < check.until)) continue;
    --asking_;
    check.asking = false;
    check.is_proxy = is_proxy;
    check.ask_at = absl::InfiniteFuture();
    check.until = now + kHolds;
    Judged result = {.mac = key.first, .family = key.second};
    if (is_proxy) {
      result.verdict = Verdict::kProxy;
      result.decoy = *check.answered.begin();
    }
    judged.push_back(result);
  }
  return judged;
}

absl::Time ProxyCheck::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  if (asking_ == 0) return next;
  for (const auto& [key, check] : checks_) {
    if (check.asking) next = std::min({next, check.ask_at, check.until});
  }
  return next;
}

// A proxy is kept for longer, so that it stays one while it is asked again.
void ProxyCheck::ForgetOld(absl::Time now) {
  absl::erase_if(checks_, [&](const auto& known) {
    const Check& check = known.second;
    return !check.asking &&
           now >= check.until + (check.is_proxy ? 10 : 0) * kHolds;
  });
}

}  // namespace lb::announce
