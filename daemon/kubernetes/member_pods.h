// MemberPods: the addresses of the speakers' pods, by which members find each
// other.
//
// It follows the pods of one namespace with the labels of speakers. A pod
// counts once it has an address; one that ends does not.
//
// A speaker of MetalLB that starts takes part in gossip before it has read any
// object, and looks for the others only then. Members that hear of it leave
// addresses to it at once, for which it does not answer yet. So such a pod
// counts once it is Ready, or kSpeakerStart after it came. A starting lbd is
// left no address before it acts.
//
// Loop thread only. The loop and the client outlive it.
#ifndef LB_DAEMON_KUBERNETES_MEMBER_PODS_H_
#define LB_DAEMON_KUBERNETES_MEMBER_PODS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/reflector.h"
#include "lb/net/ip_address.h"

namespace lb {

class MemberPods : private kubernetes::Reflector::Observer {
 public:
  // Pods beyond that are not followed.
  static constexpr size_t kPodsMax = 10'000;
  // Longer than MetalLB's speakers take to look for the others by themselves:
  // one that cannot find them announces everything until it is found.
  static constexpr absl::Duration kSpeakerStart = absl::Seconds(5);

  struct Which {
    std::string name_space;
    std::string labels;  // A selector, as the API has it.
  };

  // `on_change`: addresses() and UidOf() may be others.
  MemberPods(io::Loop* loop, http::Client* client, Which which,
             const Prng& prng, std::function<void()> on_change);

  void Start() { reflector_.Start(); }

  // Were they listed once?
  bool is_listed() const { return reflector_.state().is_listed(); }
  // In the order of the pods' names.
  std::vector<net::IpAddress> addresses() const;
  // Empty: there is no such pod, or it is not followed.
  std::string UidOf(const std::string& pod) const;

 private:
  void OnChange(const kubernetes::Change& change) override;
  // Wakes up when the next pod counts.
  void Arm();

  struct Pod {
    net::IpAddress address;
    std::string uid;
    absl::Time counts_from = absl::InfinitePast();

    friend bool operator==(const Pod&, const Pod&) = default;
  };

  io::Loop* const loop_;
  const std::function<void()> on_change_;
  std::unique_ptr<io::Timer> timer_;
  std::map<std::string, Pod> pods_;  // By name.
  kubernetes::Reflector reflector_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_MEMBER_PODS_H_
