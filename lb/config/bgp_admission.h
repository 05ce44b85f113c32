// AdmitBgp: which objects for BGP come into force, joined with what other
// objects say of them.
//
// An object is refused alone, and its last good value stays, if
//  - a peer names a BFDProfile or a Secret that is not there,
//  - a peer would open the session of another peer on a node a second time,
//  - an advertisement names an alias that no Community object defines,
//  - an aggregate would reach beyond a pool: none of the prefixes of one of the
//    pool's ranges is as long,
//  - two advertisements without serviceSelectors give the routes of one pool,
//    with one length, to one peer, by one node, different preferences,
//  - a Community object defines an alias of another one.
// The object in force stays if another one clashes with it; of two new ones it
// is the first by name. A value that was joined before keeps what it was joined
// with: a profile that is deleted ends no session.
//
// Bounds: `kBgpObjectsMax` objects of a kind and `kCommunityAliasesMax`
// aliases. One more is refused; the objects in force stay.
//
// Pure; goes with the square of the number of these objects.
#ifndef LB_CONFIG_BGP_ADMISSION_H_
#define LB_CONFIG_BGP_ADMISSION_H_

#include <cstddef>
#include <vector>

#include "lb/config/bgp_objects.h"
#include "lb/config/manifests.h"
#include "lb/config/problem.h"

namespace lb::config {

inline constexpr size_t kBgpObjectsMax = 512;
inline constexpr size_t kCommunityAliasesMax = 10'000;

struct BgpAdmission {
  BgpObjects admitted;
  // One of each refused object, in order of the names.
  std::vector<Problem> problems;
};

// `objects`: those without a fault of their own, of all kinds. `previous`: what
// was admitted before.
BgpAdmission AdmitBgp(const Objects& objects, const BgpObjects& previous);

}  // namespace lb::config

#endif  // LB_CONFIG_BGP_ADMISSION_H_
