#include "lb/kubernetes/testing/sim_exchanges.h"

#include <algorithm>
#include <utility>

namespace lb::kubernetes {

http::RequestId SimExchanges::Open(
    std::string host, std::unique_ptr<http::ResponseHandler> handler) {
  Exchange& exchange = exchanges_[++last_id_];
  exchange.host = std::move(host);
  exchange.handler = std::move(handler);
  exchange.last_at = loop_->Now();
  return last_id_;
}

void SimExchanges::SendHead(http::RequestId id, int code,
                            std::vector<http::Header> headers) {
  Send(
      id,
      {.kind = Part::Kind::kHead, .code = code, .headers = std::move(headers)});
}

void SimExchanges::SendBody(http::RequestId id, std::string bytes) {
  Send(id, {.kind = Part::Kind::kBody, .bytes = std::move(bytes)});
}

void SimExchanges::SendEnd(http::RequestId id, absl::Status status) {
  Send(id, {.kind = Part::Kind::kEnd, .status = std::move(status)});
}

void SimExchanges::SendAnswer(http::RequestId id, SimAnswer answer) {
  SendHead(id, answer.code, std::move(answer.headers));
  SendBody(id, std::move(answer.body));
  SendEnd(id, absl::OkStatus());
}

void SimExchanges::LoseAll() {
  std::vector<http::RequestId> ids;
  for (const auto& [id, exchange] : exchanges_) ids.push_back(id);
  for (const http::RequestId id : ids) Lose(id);
}

void SimExchanges::LoseHost(const std::string& host) {
  std::vector<http::RequestId> ids;
  for (const auto& [id, exchange] : exchanges_) {
    if (exchange.host == host) ids.push_back(id);
  }
  for (const http::RequestId id : ids) Lose(id);
}

void SimExchanges::Lose(http::RequestId id) {
  End(id, absl::UnavailableError("the connection was lost"));
}

void SimExchanges::RefuseConnection(http::RequestId id) {
  End(id, http::NeverConnected(absl::UnavailableError("connection refused")));
}

void SimExchanges::End(http::RequestId id, const absl::Status& status) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  const auto handler = std::move(found->second.handler);
  exchanges_.erase(found);
  handler->OnEnd(status);
}

void SimExchanges::Join(const std::string& host) {
  cut_.erase(host);
  for (auto& [id, exchange] : exchanges_) {
    if (exchange.host != host) continue;
    // Each part that was due waits for a call of its own.
    for (size_t i = 0; i < exchange.parts.size(); ++i) {
      loop_->ScheduleAt(std::max(loop_->Now(), exchange.last_at),
                        [this, id = id] { Deliver(id); });
    }
  }
}

void SimExchanges::Send(http::RequestId id, Part part) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  Exchange& exchange = found->second;
  exchange.parts.push_back(std::move(part));
  exchange.last_at = std::max(exchange.last_at, loop_->Now() + Latency());
  loop_->ScheduleAt(exchange.last_at, [this, id] { Deliver(id); });
}

void SimExchanges::Deliver(http::RequestId id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end() || found->second.parts.empty()) return;
  if (IsCut(found->second.host)) return;
  const Part part = std::move(found->second.parts.front());
  found->second.parts.pop_front();
  // The handler may close the exchange, and is not destroyed meanwhile.
  const std::shared_ptr<http::ResponseHandler> handler = found->second.handler;
  switch (part.kind) {
    case Part::Kind::kHead:
      return handler->OnHead(part.code, part.headers);
    case Part::Kind::kBody:
      return handler->OnBody(part.bytes);
    case Part::Kind::kEnd:
      exchanges_.erase(found);
      return handler->OnEnd(part.status);
  }
}

}  // namespace lb::kubernetes
