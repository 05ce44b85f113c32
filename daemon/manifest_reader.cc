#include "daemon/manifest_reader.h"

#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/io/turn_cause.h"

namespace lb {

ManifestReader::ManifestReader(
    io::PosixLoop* loop, Source source,
    std::function<void(const ManifestReading&)> apply)
    : loop_(loop),
      source_(std::move(source)),
      apply_(std::move(apply)),
      desired_(std::make_shared<const config::Desired>()),
      timer_(loop->NewTimer([this] { Read(); })),
      task_(loop) {}

// On either thread; desired_ and is_first_ do not change meanwhile.
ManifestReading ManifestReader::Load(absl::Time now) {
  config::Manifests manifests = source_.load();
  empty_files_.Settle(now, &manifests.understanding.empty_files);
  ManifestReading reading;
  LastGoodStore* const last_good = source_.last_good;
  reading.desired = std::make_shared<const config::Desired>(
      is_first_ && last_good != nullptr
          ? config::BuildDesired(manifests,
                                 last_good->Before(manifests, source_.options))
          : config::BuildDesired(manifests, *desired_));
  reading.changes = config::Compare(*desired_, *reading.desired);
  reading.difference = config::DifferenceOf(*desired_, *reading.desired);
  if (last_good != nullptr) {
    reading.last_good = last_good->Seal(*reading.desired);
  }
  return reading;
}

void ManifestReader::ReadNow() {
  reading_ = std::make_unique<ManifestReading>(Load(loop_->Now()));
  Finish();
}

void ManifestReader::Read(Done done) {
  if (waiting_.size() + next_.size() >= kWaitingMax) {
    done(absl::ResourceExhaustedError(fmt::format(
        "reload: {} calls wait for one already, want fewer", kWaitingMax)));
    return;
  }
  next_.push_back(std::move(done));
  if (!task_.busy()) Start();
}

void ManifestReader::Start() {
  waiting_ = std::exchange(next_, {});
  task_.Start(
      [this, now = loop_->Now(),
       retired = std::exchange(retired_, nullptr)]() mutable {
        retired = nullptr;
        reading_ = std::make_unique<ManifestReading>(Load(now));
      },
      [this] { Finish(); });
}

void ManifestReader::Finish() {
  const io::TurnCause cause(loop_, "takes up manifests");
  const std::unique_ptr<ManifestReading> reading = std::move(reading_);
  reading->is_first = std::exchange(is_first_, false);
  retired_ = std::exchange(desired_, reading->desired);
  if (source_.last_good != nullptr) {
    source_.last_good->Save(std::move(reading->last_good));
  }
  const absl::Time look_again_at = empty_files_.NextDeadline();
  if (look_again_at < absl::InfiniteFuture()) timer_->Arm(look_again_at);
  apply_(*reading);
  for (Done& done : std::exchange(waiting_, {})) done(*reading);
  if (!next_.empty()) Start();
}

}  // namespace lb
