// Notices of advertisements and peers that name or match what is not there.
//
// A mistyped name, key or value is valid, and nothing is announced. Pure.
#ifndef LB_CONFIG_ADVERTISEMENT_NOTICES_H_
#define LB_CONFIG_ADVERTISEMENT_NOTICES_H_

#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "lb/config/desired.h"
#include "lb/config/problem.h"

namespace lb::config {

// The kinds of the objects that can have such notices.
absl::Span<const std::string_view> KindsWithNotices();

// A notice for each pool that an advertisement names and that is not there.
std::vector<Problem> UnknownPools(const Desired& desired);

// A notice for each peer that a BGPAdvertisement names and that is not there.
std::vector<Problem> UnknownPeers(const Desired& desired);

// A notice for each selector of Nodes or of pools that matches none of them.
// Where no object of the kind is defined, nothing can be said.
std::vector<Problem> UnmatchedSelectors(const Desired& desired);

}  // namespace lb::config

#endif  // LB_CONFIG_ADVERTISEMENT_NOTICES_H_
