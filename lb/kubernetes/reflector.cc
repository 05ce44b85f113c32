#include "lb/kubernetes/reflector.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/io/turn_cause.h"

namespace lb::kubernetes {

// Hands the parts of one response to the core.
class Reflector::Handler : public http::ResponseHandler {
 public:
  explicit Handler(Reflector* reflector) : reflector_(reflector) {}

  void OnHead(int status, absl::Span<const http::Header> headers) override {
    reflector_->core_.OnHead(Now(), status, headers);
    reflector_->Drain();
  }

  void OnBody(std::string_view bytes) override {
    const io::TurnCause cause(reflector_->loop_, "reads objects of the API");
    reflector_->core_.OnBody(Now(), bytes);
    reflector_->Drain();
  }

  void OnEnd(const absl::Status& status) override {
    const io::TurnCause cause(reflector_->loop_, "reads objects of the API");
    reflector_->request_.reset();
    reflector_->core_.OnEnd(Now(), status);
    reflector_->Drain();
  }

 private:
  absl::Time Now() const { return reflector_->loop_->Now(); }

  Reflector* const reflector_;
};

Reflector::Reflector(io::Loop* loop, http::Client* client, Observer* observer,
                     ReflectorOptions options, const Prng& prng)
    : loop_(loop),
      client_(client),
      observer_(observer),
      core_(std::move(options), prng) {
  timer_ = loop_->NewTimer([this] {
    core_.OnTimer(loop_->Now());
    Drain();
  });
}

Reflector::~Reflector() {
  if (request_) client_->Cancel(*request_);
}

void Reflector::Start() {
  core_.Start(loop_->Now());
  Drain();
}

void Reflector::Relist() {
  core_.Relist(loop_->Now());
  Drain();
}

void Reflector::OnServerBack() {
  core_.OnServerBack(loop_->Now());
  timer_->Arm(core_.deadline());
}

void Reflector::Drain() {
  ListWatch::Order order = core_.TakeOrder();
  if (order.cancel && request_) {
    client_->Cancel(*request_);
    request_.reset();
  }
  if (order.send) {
    request_ =
        client_->Send(*std::move(order.send), std::make_unique<Handler>(this));
  }
  timer_->Arm(core_.deadline());
  const std::vector<Change> changes = core_.TakeChanges();
  const uint64_t failures = core_.stats().failures;
  const bool has_failed = std::exchange(failures_, failures) != failures;
  const std::weak_ptr<bool> alive = alive_;
  for (const Change& change : changes) {
    observer_->OnChange(change);
    if (alive.expired()) return;
  }
  if (has_failed) observer_->OnFailure();
}

}  // namespace lb::kubernetes
