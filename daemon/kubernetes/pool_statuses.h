// PoolStatuses: which pools' counts are to be written, at most once a second.
//
// Each count that changed within a second is written once, with its last value.
// A core: it takes `now`. One thread.
#ifndef LB_DAEMON_KUBERNETES_POOL_STATUSES_H_
#define LB_DAEMON_KUBERNETES_POOL_STATUSES_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/kubernetes/pool_record.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/pool.h"

namespace lb {

struct PoolWrite {
  std::string pool;
  PoolCounts counts;
};

class PoolStatuses {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(1);
  using Usage = absl::FunctionRef<absl::StatusOr<ipam::PoolUsage>(
      const std::string& pool)>;

  void OnRecord(const PoolRecord& record);

  // Addresses may have come or gone since the last Work().
  void Touch() { is_touched_ = true; }
  // When Work() has something to do.
  absl::Time deadline() const {
    return is_touched_ ? next_at_ : absl::InfiniteFuture();
  }
  // Compares the pools' counts with what their statuses say, if it is time.
  void Work(absl::Time now, const std::vector<ipam::Pool>& pools, Usage usage);

  std::vector<PoolWrite> TakeWrites() { return std::exchange(writes_, {}); }
  // False: the server has not taken it, and it is tried again.
  void OnWritten(const PoolWrite& write, bool is_done);
  // Writes that are under way do not count any more.
  void Forget() { written_.clear(); }

 private:
  std::map<std::string, PoolCounts, std::less<>> recorded_;
  std::map<std::string, PoolCounts, std::less<>> written_;  // Not yet recorded.
  bool is_touched_ = false;
  absl::Time next_at_ = absl::InfinitePast();
  std::vector<PoolWrite> writes_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_POOL_STATUSES_H_
