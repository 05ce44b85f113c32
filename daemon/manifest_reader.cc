#include "daemon/manifest_reader.h"

#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace lb {

ManifestReader::ManifestReader(
    io::PosixLoop* loop, std::function<config::Manifests()> load,
    std::function<void(const ManifestReading&)> apply)
    : load_(std::move(load)),
      apply_(std::move(apply)),
      desired_(std::make_shared<const config::Desired>()),
      task_(loop) {}

// On either thread; desired_ does not change meanwhile.
ManifestReading ManifestReader::Load() const {
  ManifestReading reading;
  reading.desired = std::make_shared<const config::Desired>(
      config::BuildDesired(load_(), *desired_));
  reading.changes = config::Compare(*desired_, *reading.desired);
  reading.difference = config::DifferenceOf(*desired_, *reading.desired);
  reading.notices =
      config::NewProblems(reading.desired->notices, desired_->notices);
  return reading;
}

void ManifestReader::ReadNow() {
  reading_ = std::make_unique<ManifestReading>(Load());
  Finish();
}

void ManifestReader::Read(Done done) {
  if (waiting_.size() + next_.size() >= kWaitingMax) {
    done(absl::ResourceExhaustedError(fmt::format(
        "reload: {} wait for one already, want fewer", kWaitingMax)));
    return;
  }
  next_.push_back(std::move(done));
  if (!task_.busy()) Start();
}

void ManifestReader::Start() {
  waiting_ = std::exchange(next_, {});
  task_.Start(
      [this, retired = std::exchange(retired_, nullptr)]() mutable {
        retired = nullptr;
        reading_ = std::make_unique<ManifestReading>(Load());
      },
      [this] { Finish(); });
}

void ManifestReader::Finish() {
  const std::unique_ptr<ManifestReading> reading = std::move(reading_);
  reading->is_first = std::exchange(is_first_, false);
  retired_ = std::exchange(desired_, reading->desired);
  apply_(*reading);
  for (Done& done : std::exchange(waiting_, {})) done(*reading);
  if (!next_.empty()) Start();
}

}  // namespace lb
