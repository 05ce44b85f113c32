#include "lb/io/posix/signals.h"

#include <utility>

#include "asio/io_context.hpp"
#include "asio/signal_set.hpp"
#include "fmt/format.h"
#include "lb/io/posix/asio_endpoint.h"

namespace lb::io {

// Lives on in the handler that waits.
struct Signals::State : std::enable_shared_from_this<State> {
  explicit State(PosixLoop* on_loop)
      : loop(on_loop), signals(on_loop->context()) {}

  void Wait();

  PosixLoop* const loop;
  asio::signal_set signals;
  std::shared_ptr<absl::AnyInvocable<void(int)>> on_signal;
};

void Signals::State::Wait() {
  signals.async_wait(
      [self = shared_from_this()](const asio::error_code& error, int number) {
        const PosixLoop::MeasuredTurn turn(self->loop, "takes a signal");
        const auto called = self->on_signal;  // Lives while it runs.
        if (error || called == nullptr) return;
        (*called)(number);
        if (self->on_signal != nullptr) self->Wait();
      });
}

absl::StatusOr<std::unique_ptr<Signals>> Signals::Create(
    PosixLoop* loop, const std::vector<int>& numbers,
    absl::AnyInvocable<void(int)> on_signal) {
  auto state = std::make_shared<State>(loop);
  state->on_signal =
      std::make_shared<absl::AnyInvocable<void(int)>>(std::move(on_signal));
  for (const int number : numbers) {
    asio::error_code error;
    state->signals.add(number, error);
    if (error) return Unavailable(fmt::format("signal {}", number), error);
  }
  state->Wait();
  return std::unique_ptr<Signals>(new Signals(std::move(state)));
}

Signals::Signals(std::shared_ptr<State> state) : state_(std::move(state)) {}

Signals::~Signals() {
  asio::error_code ignored;
  state_->signals.clear(ignored);
  state_->signals.cancel(ignored);
  const auto called = std::exchange(state_->on_signal, nullptr);
}

}  // namespace lb::io
