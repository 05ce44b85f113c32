#include "daemon/front/front.h"

#include <chrono>
#include <utility>

#include "asio/executor_work_guard.hpp"
#include "asio/io_context.hpp"
#include "asio/post.hpp"
#include "asio/steady_timer.hpp"
#include "daemon/front/callers.h"

namespace lb::front {
namespace {

constexpr std::chrono::seconds kFarewell(1);

}  // namespace

// While the thread runs, it owns all of this.
struct Front::Core {
  Core(std::unique_ptr<ListeningSocket> socket,
       std::shared_ptr<const TlsSetup> tls, FrontOptions options,
       Handlers handlers)
      : callers(context, std::move(socket), std::move(tls), std::move(options),
                std::move(handlers)) {}

  asio::io_context context{/*concurrency_hint=*/1};
  const asio::executor_work_guard<asio::io_context::executor_type> work =
      asio::make_work_guard(context);
  asio::steady_timer farewell{context};
  Callers callers;
};

Front::Front(std::unique_ptr<ListeningSocket> socket,
             std::shared_ptr<const TlsSetup> tls, FrontOptions options,
             Handlers handlers)
    : core_(std::make_unique<Core>(std::move(socket), std::move(tls),
                                   std::move(options), std::move(handlers))) {}

Front::~Front() {
  if (!thread_.joinable()) return;
  asio::post(core_->context, [core = core_.get()] {
    core->farewell.expires_after(kFarewell);
    core->farewell.async_wait(
        [core](const asio::error_code&) { core->context.stop(); });
    core->callers.Leave([core] { core->context.stop(); });
  });
  thread_.join();
}

void Front::Start() {
  thread_ = std::thread([core = core_.get()] {
    core->callers.Listen();
    core->context.run();
  });
}

void Front::StopListening() {
  asio::post(core_->context,
             [core = core_.get()] { core->callers.StopListening(); });
}

void Front::SetTls(std::shared_ptr<const TlsSetup> tls) {
  asio::post(core_->context, [core = core_.get(), tls = std::move(tls)] {
    core->callers.SetTls(tls);
  });
}

}  // namespace lb::front
