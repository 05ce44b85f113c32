#include "lb/kubernetes/testing/sim_api_server.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lb/base/check.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb::kubernetes {

using config::YamlNode;

// A request of one host.
class SimApiServer::HostClient : public http::Client {
 public:
  HostClient(SimApiServer* server, std::string host)
      : server_(server), host_(std::move(host)) {}

  http::RequestId Send(
      http::Request request,
      std::unique_ptr<http::ResponseHandler> handler) override {
    return server_->Receive(host_, std::move(request), std::move(handler));
  }

  void Cancel(http::RequestId id) override { server_->exchanges_.Close(id); }

 private:
  SimApiServer* const server_;
  const std::string host_;
};

SimApiServer::SimApiServer(io::SimLoop* loop, const SimApiOptions& options,
                           const Prng& prng)
    : loop_(loop),
      options_(options),
      prng_(prng.Fork("faults")),
      reads_(&store_),
      exchanges_(loop, options.timing, prng),
      watches_(loop, &store_, &exchanges_) {}

SimApiServer::~SimApiServer() = default;

http::Client* SimApiServer::AddHost(const std::string& name) {
  auto& client = hosts_[name];
  LB_CHECK(client == nullptr);
  client = std::make_unique<HostClient>(this, name);
  return client.get();
}

SimOutcome SimApiServer::Create(const Resource& resource,
                                std::string_view json) {
  const SimKind* kind = store_.FindKind(resource);
  LB_CHECK(kind != nullptr);
  return Note(store_.Create(loop_->Now(), *kind, Json(json)));
}

SimOutcome SimApiServer::Patch(const Resource& resource, const ObjectKey& key,
                               std::string_view json,
                               std::string_view subresource) {
  const SimKind* kind = store_.FindKind(resource);
  LB_CHECK(kind != nullptr);
  return Note(store_.Patch(loop_->Now(), *kind, key, subresource, Json(json)));
}

SimOutcome SimApiServer::Delete(const Resource& resource,
                                const ObjectKey& key) {
  const SimKind* kind = store_.FindKind(resource);
  LB_CHECK(kind != nullptr);
  return Note(store_.Delete(loop_->Now(), *kind, key, Json("{}")));
}

void SimApiServer::Restart(absl::Duration down, absl::Duration forbidden) {
  down_until_ = std::max(down_until_, loop_->Now() + down);
  forbidden_until_ = std::max(forbidden_until_, down_until_ + forbidden);
  // The watch cache begins at what the store has now.
  store_.Compact(store_.version());
  watches_.DropAll();
  exchanges_.LoseAll();
}

void SimApiServer::Restore(const SimStore::Backup& backup,
                           absl::Duration down) {
  store_.Restore(backup);
  reads_.ExpireTokens();
  Restart(down, absl::ZeroDuration());
}

void SimApiServer::SetCacheLag(absl::Duration lag) {
  watches_.set_lag(lag);
  watches_.OnWrite();
}

void SimApiServer::Compact() {
  watches_.Flush();
  store_.Compact(store_.version());
  reads_.ExpireTokens();
}

void SimApiServer::Cut(const std::string& host) {
  if (exchanges_.IsCut(host)) return;
  exchanges_.Cut(host);
  const int cut = ++cuts_[host];
  loop_->ScheduleAt(loop_->Now() + options_.timing.dead_after,
                    [this, host, cut] {
                      if (!exchanges_.IsCut(host) || cuts_[host] != cut) return;
                      exchanges_.LoseHost(host);
                    });
}

void SimApiServer::Join(const std::string& host) { exchanges_.Join(host); }

http::RequestId SimApiServer::Receive(
    const std::string& host, http::Request request,
    std::unique_ptr<http::ResponseHandler> handler) {
  const http::RequestId id = exchanges_.Open(host, std::move(handler));
  loop_->ScheduleAt(loop_->Now() + exchanges_.Latency(),
                    [this, host, id, request = std::move(request)] {
                      Arrive(host, id, request);
                    });
  return id;
}

void SimApiServer::Arrive(const std::string& host, http::RequestId id,
                          const http::Request& request) {
  if (!exchanges_.IsOpen(id)) return;
  if (exchanges_.IsCut(host)) return GiveUp(id);
  Arrival arrival;
  arrival.id = id;
  arrival.log_index = log_.Add(
      {loop_->Now(), host, request.method, request.path, request.body});
  if (loop_->Now() < down_until_) return exchanges_.RefuseConnection(id);
  const std::optional<SimRequest> parsed = ParseSimRequest(request);
  if (!parsed) {
    return Answer(arrival, Refusal(404, "NotFound", "no such path"));
  }
  arrival.request = *parsed;
  if (!prng_.Chance(faults_.slow)) return Handle(arrival);
  loop_->ScheduleAt(loop_->Now() + prng_.UniformDuration(faults_.slow_max),
                    [this, arrival] { Handle(arrival); });
}

void SimApiServer::GiveUp(http::RequestId id) {
  loop_->ScheduleAt(loop_->Now() + options_.timing.dead_after,
                    [this, id] { exchanges_.Lose(id); });
}

void SimApiServer::Handle(const Arrival& arrival) {
  if (!exchanges_.IsOpen(arrival.id)) return;
  if (loop_->Now() < forbidden_until_) {
    return Answer(arrival, Refusal(403, "Forbidden", "not yet allowed"));
  }
  if (Refuse(arrival)) return;
  const SimRequest& request = arrival.request;
  const SimKind* kind = store_.FindKind(request.resource);
  if (kind == nullptr) {
    return Answer(arrival,
                  Refusal(404, "NotFound",
                          "the server could not find the requested resource"));
  }
  if (request.is_watch()) return OpenWatch(arrival);
  SimAnswer answer = Act(request, *kind);
  const bool is_write = request.method != "GET" && answer.code < 300;
  if (is_write && on_write_) {
    on_write_(log_.requests()[arrival.log_index].host, request);
  }
  if (prng_.Chance(faults_.lost_after)) return exchanges_.Lose(arrival.id);
  Answer(arrival, std::move(answer));
}

bool SimApiServer::Refuse(const Arrival& arrival) {
  const auto answer = [&](SimAnswer refusal) {
    Answer(arrival, std::move(refusal));
    return true;
  };
  if (prng_.Chance(faults_.lost_before)) {
    exchanges_.Lose(arrival.id);
    return true;
  }
  if (prng_.Chance(faults_.too_many)) return answer(OverloadedAnswer(429, 1));
  if (prng_.Chance(faults_.unavailable)) {
    return answer(OverloadedAnswer(503, 1));
  }
  if (prng_.Chance(faults_.internal)) {
    return answer(Refusal(500, "InternalError", "an error on the server"));
  }
  if (prng_.Chance(faults_.unauthorized)) {
    return answer(Refusal(401, "Unauthorized", "Unauthorized"));
  }
  const bool may_expire =
      arrival.request.is_watch() || arrival.request.query.contains("continue");
  if (may_expire && prng_.Chance(faults_.expired)) {
    return answer(ExpiredAnswer());
  }
  return arrival.request.is_watch() && RefuseWatch(arrival);
}

bool SimApiServer::RefuseWatch(const Arrival& arrival) {
  if (prng_.Chance(faults_.too_large)) {
    Answer(arrival, TooLargeAnswer());
    return true;
  }
  if (!prng_.Chance(faults_.short_watch)) return false;
  SimAnswer empty;
  empty.code = 200;
  Answer(arrival, std::move(empty));
  return true;
}

SimAnswer SimApiServer::Act(const SimRequest& request, const SimKind& kind) {
  const bool is_collection = request.key.name.empty();
  if (request.method == "GET") {
    const SimSelector selector = SelectorOf(request, options_.fields);
    if (!selector.is_known) {
      return Refusal(400, "BadRequest", "is not a known field selector");
    }
    return is_collection
               ? reads_.List(loop_->Now(), request, selector, watches_.lag())
               : reads_.Get(request, kind);
  }
  const absl::StatusOr<YamlNode> body =
      ReadJson(request.body.empty() ? "{}" : request.body);
  if (!body.ok()) return Refusal(400, "BadRequest", "the body is no JSON");
  if (request.method == "POST" && is_collection) {
    YamlNode object = *body;
    if (kind.is_namespaced) {
      SetText("metadata.namespace", request.key.name_space, &object);
    }
    return AnswerOf(Note(store_.Create(loop_->Now(), kind, std::move(object))));
  }
  if (request.method == "PATCH" && !is_collection) {
    if (request.content_type != "application/merge-patch+json") {
      return Refusal(415, "UnsupportedMediaType", "not a merge patch");
    }
    return AnswerOf(Note(store_.Patch(loop_->Now(), kind, request.key,
                                      request.subresource, *body)));
  }
  if (request.method == "DELETE" && !is_collection) {
    return AnswerOf(
        Note(store_.Delete(loop_->Now(), kind, request.key, *body)));
  }
  return Refusal(405, "MethodNotAllowed", "not allowed");
}

void SimApiServer::Answer(const Arrival& arrival, SimAnswer answer) {
  log_.SetCode(arrival.log_index, answer.code);
  if (!prng_.Chance(faults_.torn)) {
    return exchanges_.SendAnswer(arrival.id, std::move(answer));
  }
  exchanges_.SendHead(arrival.id, answer.code, std::move(answer.headers));
  exchanges_.SendBody(arrival.id,
                      answer.body.substr(0, answer.body.size() / 2));
  exchanges_.SendEnd(arrival.id,
                     absl::UnavailableError("the connection was lost"));
}

void SimApiServer::OpenWatch(const Arrival& arrival) {
  const http::RequestId id = arrival.id;
  const SimSelector selector = SelectorOf(arrival.request, options_.fields);
  if (!selector.is_known) {
    return Answer(arrival,
                  Refusal(400, "BadRequest", "is not a known field selector"));
  }
  const std::optional<SimAnswer> refusal =
      watches_.Open(id, arrival.request, selector);
  if (refusal) {
    // Both forms are seen: as the status, and within the stream.
    if (prng_.Chance(50)) return Answer(arrival, *refusal);
    log_.SetCode(arrival.log_index, 200);
    exchanges_.SendHead(id, 200, {});
    exchanges_.SendBody(id,
                        R"({"type":"ERROR","object":)" + refusal->body + "}\n");
    return exchanges_.SendEnd(id, absl::OkStatus());
  }
  log_.SetCode(arrival.log_index, 200);
  const absl::Time later =
      loop_->Now() + prng_.UniformDuration(absl::Minutes(2));
  if (prng_.Chance(faults_.garbage)) {
    loop_->ScheduleAt(later, [this, id] { watches_.SendLine(id, "<html>"); });
  }
  if (prng_.Chance(faults_.torn)) {
    loop_->ScheduleAt(later, [this, id] {
      exchanges_.SendBody(id, R"({"type":"MODIFIED","obj)");
      exchanges_.SendEnd(id, absl::UnavailableError("the connection was lost"));
    });
  }
}

SimOutcome SimApiServer::Note(SimOutcome outcome) {
  if (outcome.ok()) watches_.OnWrite();
  return outcome;
}

}  // namespace lb::kubernetes
