#include "lb/kubernetes/lease_elector.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "lb/kubernetes/collected_response.h"
#include "lb/kubernetes/lease_record.h"

namespace lb::kubernetes {
namespace {

constexpr size_t kAnswerBytesMax = 256u << 10;

ReflectorOptions WatchOf(const LeaseOptions& options) {
  return {
      .resource = LeaseResource(),
      .name_space = options.key.name_space,
      .selector = {"metadata.name", options.key.name},
      // A Lease without a word for so long has no holder, or the watch is
      // dead.
      .silence_max = std::max(options.lease_duration * 3, absl::Seconds(10))};
}

}  // namespace

LeaseElector::LeaseElector(io::Loop* loop, http::Client* client,
                           Observer* observer, const LeaseOptions& options,
                           const Prng& prng)
    : loop_(loop),
      client_(client),
      observer_(observer),
      core_(options, prng),
      reflector_(loop, client, this, WatchOf(options), prng.Fork("watch")) {
  timer_ = loop_->NewTimer([this] {
    core_.OnTimer(loop_->Now(), loop_->CivilNow());
    Drain();
  });
}

LeaseElector::~LeaseElector() {
  if (request_) client_->Cancel(*request_);
}

void LeaseElector::Stop() {
  core_.Stop(loop_->Now(), loop_->CivilNow());
  Drain();
}

void LeaseElector::OnChange(const Change& change) {
  const absl::Time now = loop_->Now();
  switch (change.kind) {
    case Change::Kind::kSet: {
      is_there_ = true;
      const absl::StatusOr<LeaseRecord> record = ReadLease(change.object);
      // One that no election can use is left alone, and this process waits.
      if (record.ok()) core_.OnLease(now, *record);
      break;
    }
    case Change::Kind::kDeleted:
      is_there_ = false;
      core_.OnNoLease(now, change.meta.resource_version);
      break;
    case Change::Kind::kListed:
      if (!is_there_) core_.OnNoLease(now);
      break;
  }
  Drain();
}

void LeaseElector::Drain() {
  LeaseElection::Order order = core_.TakeOrder();
  if (order.cancel && request_) {
    client_->Cancel(*request_);
    request_.reset();
  }
  if (order.send) {
    request_ = client_->Send(
        *std::move(order.send),
        std::make_unique<CollectedResponse>(
            kAnswerBytesMax, [this](const CollectedAnswer& answer) {
              request_.reset();
              if (answer.status.ok()) {
                core_.OnAnswer(loop_->Now(), answer.code, answer.body);
              } else {
                core_.OnLost(loop_->Now(), answer.status);
              }
              Drain();
            }));
  }
  const bool is_holder = IsHolder();
  // It is told when it may act no more, too.
  timer_->Arm(is_holder ? std::min(core_.deadline(), core_.acts_until())
                        : core_.deadline());
  if (is_holder == was_holder_ && core_.holder() == told_holder_) return;
  was_holder_ = is_holder;
  told_holder_ = core_.holder();
  observer_->OnElection();
}

}  // namespace lb::kubernetes
