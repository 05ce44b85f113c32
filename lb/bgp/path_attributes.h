// PathAttributes: what a route of ours tells beside its prefix.
//
// A value. ORIGIN, AS_PATH and NEXT_HOP are not here: they are those of the
// session, and its encoder writes them (lb/bgp/wire/update_encoder.h).
#ifndef LB_BGP_PATH_ATTRIBUTES_H_
#define LB_BGP_PATH_ATTRIBUTES_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lb/bgp/community.h"

namespace lb::bgp {

struct PathAttributes {
  // 32 prepends and 63 communities of each kind are 1,157 bytes at most, so a
  // message always has room for hundreds of prefixes.
  static constexpr int kPrependsMax = 32;
  static constexpr size_t kCommunitiesMax = 63;  // MetalLB's bound
  // What a peer takes for a route without LOCAL_PREF.
  static constexpr uint32_t kLocalPreferenceDefault = 100;

  // Only internal peers are told it. None is kLocalPreferenceDefault.
  std::optional<uint32_t> local_preference;
  std::optional<uint32_t> med;
  // How often the own AS is in the path beyond the once of RFC 4271. Only
  // external peers are told it.
  int prepends = 0;
  std::vector<Community> communities;             // sorted, unique
  std::vector<LargeCommunity> large_communities;  // sorted, unique
  std::optional<LinkBandwidth> link_bandwidth;

  // Sorts both lists of communities and drops the doubles.
  void Normalize();

  // "local-preference 200, communities 65535:0 64512:1"; "" if all is default.
  std::string ToString() const;

  friend auto operator<=>(const PathAttributes&,
                          const PathAttributes&) = default;
};

// InvalidArgument names the first attribute beyond its bound, such as
// `prepends: 40, want 0 to 32`.
absl::Status Validate(const PathAttributes& attributes);

}  // namespace lb::bgp

#endif  // LB_BGP_PATH_ATTRIBUTES_H_
