// ProxyCheck: finds out whether a host that claims an address answers for every
// address.
//
// A router with proxy ARP (RFC 1027), or with an ND proxy, answers with its own
// MAC for each address to which it knows a route, so its answer for a contested
// address means nothing. So the host is asked for some decoys near that
// address, which no host can have. If it answers for two, it is a proxy, until
// it stays silent at a later check.
//
// For one interface; families are judged apart. Pure bookkeeping: the caller
// sends the questions and passes on the claims that it hears. Bounded by
// kSuspectsMax.
//
//   check.Suspect(now, mac, vip);                   // `mac` claims `vip`
//   for (const auto& decoy : check.TakeQuestions()) Ask(decoy);
//   check.OnClaim(decoy, mac);
//   for (const auto& judged : check.TakeJudged(now)) ...   // at NextDeadline()
#ifndef LB_ANNOUNCE_PROXY_CHECK_H_
#define LB_ANNOUNCE_PROXY_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

// True for addresses that no host has, as far as the caller knows, and that no
// pool gives out.
using IsSpare = std::function<bool(const net::IpAddress& address)>;

// At most `count` spare addresses near `vip`: from its /24 or, for IPv6, its
// /112; else from the next ones. The same call gives the same answer.
std::vector<net::IpAddress> ChooseDecoys(const net::IpAddress& vip,
                                         const IsSpare& is_spare, size_t count);

class ProxyCheck {
 public:
  static constexpr size_t kDecoys = 3;
  static constexpr size_t kAnswersMin = 2;
  // A router answers for others with a delay of at most 0.8 s (Linux:
  // proxy_delay), and each question is asked twice.
  static constexpr absl::Duration kWait = absl::Milliseconds(1200);
  static constexpr absl::Duration kAskAgain = absl::Milliseconds(200);
  // For how long a verdict holds.
  static constexpr absl::Duration kHolds = absl::Seconds(60);
  static constexpr size_t kSuspectsMax = 64;

  enum class Verdict : uint8_t { kUnknown, kAsking, kHost, kProxy };

  struct Judged {
    net::MacAddress mac;
    net::IpFamily family;
    Verdict verdict = Verdict::kHost;
    net::IpAddress decoy;  // kProxy: one that it answered for.
  };

  // The host claims `vip`: asks, unless its verdict is known or under way, or
  // kSuspectsMax are suspected, or there is no spare address near, for which it
  // looks once each kHolds.
  void Suspect(absl::Time now, const net::MacAddress& mac,
               const net::IpAddress& vip, const IsSpare& is_spare);
  // A host claims an address. No effect unless it is a decoy.
  void OnClaim(const net::IpAddress& address, const net::MacAddress& mac);

  // A proxy's verdict is kProxy also while it is asked again.
  Verdict VerdictOf(const net::MacAddress& mac, net::IpFamily family) const;

  // The decoys that are asked for now; their claims are to be passed on.
  absl::btree_set<net::IpAddress> Decoys() const;
  bool asking() const { return asking_ > 0; }

  // Decoys to ask all hosts for, now.
  std::vector<net::IpAddress> TakeQuestions(absl::Time now);
  // The checks that are over.
  std::vector<Judged> TakeJudged(absl::Time now);
  absl::Time NextDeadline() const;

 private:
  using Key = std::pair<net::MacAddress, net::IpFamily>;
  struct Check {
    std::vector<net::IpAddress> decoys;
    absl::btree_set<net::IpAddress> answered;
    absl::Time ask_at;  // InfiniteFuture: asked often enough.
    absl::Time until;   // Asking: the wait; else: the verdict.
    bool asked_once = false;
    bool asking = true;
    bool is_proxy = false;
  };

  void ForgetOld(absl::Time now);

  absl::btree_map<Key, Check> checks_;
  size_t asking_ = 0;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_PROXY_CHECK_H_
