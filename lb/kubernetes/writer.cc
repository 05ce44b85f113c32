#include "lb/kubernetes/writer.h"

#include <utility>

#include "lb/kubernetes/collected_response.h"

namespace lb::kubernetes {
namespace {

// An object is at most 1.5 MiB in etcd, and larger as JSON.
constexpr size_t kAnswerBytesMax = 8u << 20;

}  // namespace

Writer::Writer(io::Loop* loop, http::Client* client,
               const WriterOptions& options, const Prng& prng)
    : loop_(loop), client_(client), core_(options, prng) {
  timer_ = loop_->NewTimer([this] {
    core_.OnTimer(loop_->Now());
    Drain();
  });
}

Writer::~Writer() {
  for (const auto& [number, request] : requests_) client_->Cancel(request);
}

void Writer::Write(WriteRequest request) {
  core_.Add(loop_->Now(), std::move(request));
  CarryOut();
  // Reports of what was superseded come on the next turn.
  if (core_.has_reports()) timer_->Arm(loop_->Now());
}

void Writer::CarryOut() {
  for (WriteQueue::Order& order : core_.TakeOrders()) {
    const uint64_t number = order.number;
    if (order.cancel) {
      const auto found = requests_.find(number);
      if (found == requests_.end()) continue;
      client_->Cancel(found->second);
      requests_.erase(found);
      continue;
    }
    requests_[number] = client_->Send(
        std::move(order.request),
        std::make_unique<CollectedResponse>(
            kAnswerBytesMax, [this, number](const CollectedAnswer& answer) {
              requests_.erase(number);
              if (answer.status.ok()) {
                core_.OnAnswer(loop_->Now(), number, answer.code,
                               answer.headers, answer.body);
              } else {
                core_.OnLost(loop_->Now(), number, answer.status);
              }
              Drain();
            }));
  }
  timer_->Arm(core_.deadline());
}

void Writer::Drain() {
  CarryOut();
  WriteQueue::Reports reports = core_.TakeReports();
  const std::weak_ptr<bool> alive = alive_;
  for (auto& [on_report, report] : reports) {
    on_report(report);
    if (alive.expired()) return;
  }
}

}  // namespace lb::kubernetes
