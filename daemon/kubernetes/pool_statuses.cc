#include "daemon/kubernetes/pool_statuses.h"

namespace lb {

void PoolStatuses::OnRecord(const PoolRecord& record) {
  const std::string& pool = record.meta.key.name;
  const auto written = written_.find(pool);
  if (record.is_gone) {
    recorded_.erase(pool);
    if (written != written_.end()) written_.erase(written);
    return;
  }
  if (record.counts) {
    recorded_[pool] = *record.counts;
  } else {
    recorded_.erase(pool);
  }
  if (written == written_.end()) Touch();
}

void PoolStatuses::Work(absl::Time now, const std::vector<ipam::Pool>& pools,
                        Usage usage) {
  if (now < deadline()) return;
  is_touched_ = false;
  for (const ipam::Pool& pool : pools) {
    const auto used = usage(pool.name);
    if (!used.ok()) continue;
    const PoolCounts counts = CountsOf(*used);
    const auto recorded = recorded_.find(pool.name);
    const auto written = written_.find(pool.name);
    if (written != written_.end()) {
      if (written->second == counts) continue;
    } else if (recorded != recorded_.end() && recorded->second == counts) {
      continue;
    }
    written_[pool.name] = counts;
    writes_.push_back({pool.name, counts});
  }
  if (!writes_.empty()) next_at_ = now + kInterval;
}

void PoolStatuses::OnWritten(const PoolWrite& write, bool is_done) {
  const auto written = written_.find(write.pool);
  // Later counts of this pool may be under way.
  if (written == written_.end() || written->second != write.counts) return;
  if (is_done) {
    recorded_[write.pool] = write.counts;
  } else {
    Touch();
  }
  written_.erase(written);
}

}  // namespace lb
