#include "lb/gossip/source_buckets.h"

#include <algorithm>
#include <iterator>

namespace lb::gossip {

SourceBuckets::Bucket& SourceBuckets::Find(absl::Time now,
                                           const net::IpAddress& source) {
  const auto found = by_source_.find(source);
  if (found == by_source_.end()) {
    if (by_source_.size() < options_.sources_max) {
      buckets_.emplace_front();
    } else {
      by_source_.erase(buckets_.back().source);
      buckets_.splice(buckets_.begin(), buckets_, std::prev(buckets_.end()));
    }
    buckets_.front() = {source, options_.at_first, now};
    by_source_.emplace(source, buckets_.begin());
    return buckets_.front();
  }
  buckets_.splice(buckets_.begin(), buckets_, found->second);
  Bucket& bucket = buckets_.front();
  if (now > bucket.filled) {
    bucket.tokens +=
        options_.per_second * absl::ToDoubleSeconds(now - bucket.filled);
    bucket.tokens = std::min(bucket.tokens, options_.most);
    bucket.filled = now;
  }
  return bucket;
}

bool SourceBuckets::Take(absl::Time now, const net::IpAddress& source,
                         double tokens) {
  Bucket& bucket = Find(now, source);
  if (bucket.tokens < tokens) return false;
  bucket.tokens -= tokens;
  return true;
}

void SourceBuckets::Give(absl::Time now, const net::IpAddress& source,
                         double tokens) {
  Bucket& bucket = Find(now, source);
  bucket.tokens = std::min(bucket.tokens + tokens, options_.most);
}

}  // namespace lb::gossip
