// BgpPeer, BgpAdvertisement, CommunityAliases, BfdProfile: the values of
// MetalLB's objects for BGP; BgpObjects: those that are in force.
//
// A reader fills in what the object itself says. What other objects say of it
// (the values of aliases, the BFD profile, the password of a Secret) is joined
// by AdmitBgp() (bgp_admission.h), and is empty before.
//
// Values: any thread, each copy its own. No text form has a password.
#ifndef LB_CONFIG_BGP_OBJECTS_H_
#define LB_CONFIG_BGP_OBJECTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/label_selector.h"
#include "lb/bgp/asn.h"
#include "lb/bgp/community.h"
#include "lb/net/ip_address.h"

namespace lb::config {

// What Linux takes as a key of TCP-MD5 (RFC 2385).
inline constexpr size_t kPasswordBytesMax = 80;

// The defaults are FRR's, which MetalLB passes on.
struct BfdProfile {
  std::string name;
  absl::Duration receive_interval = absl::Milliseconds(300);
  absl::Duration transmit_interval = absl::Milliseconds(300);
  absl::Duration echo_interval = absl::Milliseconds(50);
  int detect_multiplier = 3;
  int minimum_ttl = 254;  // If the peer is several hops away.
  bool echo_mode = false;
  bool passive_mode = false;

  friend bool operator==(const BfdProfile&, const BfdProfile&) = default;
};

// The key "password" of a Secret of type kubernetes.io/basic-auth.
struct SecretReference {
  std::string name;
  std::string object_namespace;  // Empty: that of lbd.

  friend bool operator==(const SecretReference&,
                         const SecretReference&) = default;
};

struct BgpTimers {
  absl::Duration hold = absl::Seconds(90);  // Whole seconds; 0: none.
  absl::Duration keepalive = absl::Seconds(30);
  std::optional<absl::Duration> connect;  // Whole seconds.

  friend bool operator==(const BgpTimers&, const BgpTimers&) = default;
};

struct BgpPeer {
  enum class DynamicAs : uint8_t { kNone, kInternal, kExternal };

  // Names of labels or annotations of a node, by which a field has another
  // value there: see PeerOnNode(). Empty: none.
  struct NodeKeys {
    std::string my_as;
    std::string peer_as;
    std::string address;

    friend bool operator==(const NodeKeys&, const NodeKeys&) = default;
  };

  static constexpr uint16_t kPort = 179;

  std::string name;
  bgp::Asn my_as;
  // Nullopt: `dynamic_as` says whether it is ours or must be another one.
  std::optional<bgp::Asn> peer_as;
  DynamicAs dynamic_as = DynamicAs::kNone;
  // The number that this peer is told in place of `my_as`.
  std::optional<bgp::Asn> local_as;
  // Exactly one of the two. An interface: the peer is its one neighbour.
  std::optional<net::IpAddress> address;
  std::string interface;
  uint16_t port = kPort;
  std::optional<net::IpAddress> source_address;
  std::optional<net::IpAddress> router_id;  // IPv4
  BgpTimers timers;
  std::vector<LabelSelector> node_selectors;  // Empty: every node.
  // Its own, or joined: that of `password_secret`. Never to be shown.
  std::string password;
  std::optional<SecretReference> password_secret;
  std::string bfd_profile;        // Empty: no BFD.
  std::optional<BfdProfile> bfd;  // Joined: the profile of that name.
  // Annotations lb.io/my-asn-from, lb.io/peer-asn-from and
  // lb.io/peer-address-from.
  NodeKeys from_node;
  bool graceful_restart = false;
  bool ebgp_multihop = false;
  bool dual_stack_address_family = false;

  friend bool operator==(const BgpPeer&, const BgpPeer&) = default;
};

struct BgpAdvertisement {
  static constexpr int kIpv4Length = 32;
  static constexpr int kIpv6Length = 128;

  std::string name;
  // The pool is named, or its labels match a selector; both empty: every pool.
  std::vector<std::string> pools;
  std::vector<LabelSelector> pool_selectors;
  std::vector<LabelSelector> node_selectors;     // Empty: every node.
  std::vector<LabelSelector> service_selectors;  // Empty: every service.
  std::vector<std::string> peers;                // Names; empty: every peer.
  int aggregation_length = kIpv4Length;
  int aggregation_length_v6 = kIpv6Length;
  std::optional<uint32_t> local_preference;  // 0 in the object is nullopt.
  std::vector<std::string> communities;      // As given: values and aliases.
  // Joined: the values of `communities`, sorted.
  std::vector<bgp::Community> standard_communities;
  std::vector<bgp::LargeCommunity> large_communities;
  // Annotations lb.io/as-path-prepend, lb.io/med, lb.io/link-bandwidth and
  // lb.io/withdraw-hold.
  int prepends = 0;
  std::optional<uint32_t> med;
  bool link_bandwidth = false;  // By the number of local endpoints.
  absl::Duration withdraw_hold;

  friend bool operator==(const BgpAdvertisement&,
                         const BgpAdvertisement&) = default;
};

// Is the advertisement for the pool of this name, with these labels?
bool IsForPool(const BgpAdvertisement& advertisement, const std::string& pool,
               const Labels& labels);

// Do the nodeSelectors of a peer or an advertisement match a node?
bool IsForNode(const std::vector<LabelSelector>& selectors,
               const Labels& labels);

struct CommunityAlias {
  std::string name;
  std::string value;  // "65535:65281" or "large:1:2:3"

  friend bool operator==(const CommunityAlias&,
                         const CommunityAlias&) = default;
};

// One object of kind Community.
struct CommunityAliases {
  std::string name;
  std::vector<CommunityAlias> aliases;

  friend bool operator==(const CommunityAliases&,
                         const CommunityAliases&) = default;
};

// Each list is sorted by name, and all is joined.
struct BgpObjects {
  std::vector<BgpPeer> peers;
  std::vector<BgpAdvertisement> advertisements;
  std::vector<CommunityAliases> communities;

  friend bool operator==(const BgpObjects&, const BgpObjects&) = default;
};

}  // namespace lb::config

#endif  // LB_CONFIG_BGP_OBJECTS_H_
