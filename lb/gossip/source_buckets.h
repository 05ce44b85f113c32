// SourceBuckets: a token bucket for each source address.
//
// An attacker can invent addresses, so there are at most sources_max buckets: a
// new address takes the one that was not used for the longest time. A real peer
// that lost its bucket so gets a new one; see `at_first`.
//
// Plain state; no clock. Time per call: logarithmic in the buckets.
#ifndef LB_GOSSIP_SOURCE_BUCKETS_H_
#define LB_GOSSIP_SOURCE_BUCKETS_H_

#include <cstddef>
#include <list>
#include <map>

#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

struct SourceBucketOptions {
  double per_second = 1;  // Tokens that each bucket gets.
  double most = 1;        // Tokens that a bucket holds.
  double at_first = 1;    // Tokens of a new bucket.
  size_t sources_max = 1024;
};

class SourceBuckets {
 public:
  explicit SourceBuckets(const SourceBucketOptions& options)
      : options_(options) {}

  // False: there are fewer tokens, and none is taken.
  bool Take(absl::Time now, const net::IpAddress& source, double tokens);
  // Adds to those that come with time.
  void Give(absl::Time now, const net::IpAddress& source, double tokens);

  size_t size() const { return by_source_.size(); }

 private:
  struct Bucket {
    net::IpAddress source;
    double tokens = 0;
    absl::Time filled;  // Up to then.
  };
  using Buckets = std::list<Bucket>;

  Bucket& Find(absl::Time now, const net::IpAddress& source);

  const SourceBucketOptions options_;
  Buckets buckets_;  // Used last first.
  std::map<net::IpAddress, Buckets::iterator> by_source_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_SOURCE_BUCKETS_H_
