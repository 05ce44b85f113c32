#include "lb/io/posix/background_task.h"

#include <utility>

#include "lb/base/check.h"

namespace lb::io {

BackgroundTask::~BackgroundTask() {
  *alive_ = false;
  if (thread_.joinable()) thread_.join();
}

void BackgroundTask::Start(absl::AnyInvocable<void()> work,
                           absl::AnyInvocable<void()> done) {
  LB_CHECK(!busy_);
  busy_ = true;
  if (thread_.joinable()) thread_.join();  // It has told us that it is done.
  auto finish = [this, alive = alive_, done = std::move(done)]() mutable {
    if (!*alive) return;
    busy_ = false;
    done();
  };
  thread_ = std::thread([loop = loop_, work = std::move(work),
                         finish = std::move(finish)]() mutable {
    work();
    work = nullptr;
    loop->Post(std::move(finish));
  });
}

}  // namespace lb::io
