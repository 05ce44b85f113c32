// GossipNode's streams: ours and accepted ones, each one message and at most
// one answer.
#include <algorithm>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/gossip_session.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/io/turn_cause.h"

namespace lb::gossip {

namespace {

// A vector that doubles would take twice what the largest stream needs.
void Append(absl::Span<const uint8_t> bytes, wire::Bytes* received) {
  const size_t size = received->size() + bytes.size();
  if (size > received->capacity()) received->reserve(size + size / 2);
  received->insert(received->end(), bytes.begin(), bytes.end());
}

}  // namespace

using Direction = wire::Codec::Direction;

uint64_t GossipNode::NewSession(absl::Time deadline,
                                std::optional<uint64_t> request) {
  const uint64_t id = ++last_session_;
  auto session = std::make_unique<Session>();
  session->request = request;
  session->deadline = environment_.loop->NewTimer([this, id] {
    Fail(id, absl::DeadlineExceededError("no answer in time"));
  });
  session->deadline->Arm(deadline);
  sessions_.emplace(id, std::move(session));
  if (!request) ++accepted_streams_;
  return id;
}

GossipNode::Session* GossipNode::FindSession(uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void GossipNode::EndSession(uint64_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  if (!found->second->request) --accepted_streams_;
  sessions_.erase(found);
}

void GossipNode::Fail(uint64_t id, const absl::Status& why) {
  const Session* const session = FindSession(id);
  if (session == nullptr) return;
  const std::optional<uint64_t> unanswered =
      session->answered ? std::nullopt : session->request;
  EndSession(id);
  if (!unanswered) return;
  membership_.OnRequestFailed(environment_.loop->Now(), *unanswered, why);
  Drain();
}

void GossipNode::Open(const StreamRequest& request) {
  const uint64_t id = NewSession(request.deadline, request.id);
  environment_.streams->Connect(
      request.to, request.deadline,
      [this, id, alive = std::weak_ptr<const bool>(alive_)](
          absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
        if (alive.expired()) return;  // This node is gone.
        OnConnected(id, std::move(stream));
      });
}

void GossipNode::OnConnected(
    uint64_t id, absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
  Session* const session = FindSession(id);
  if (session == nullptr) return;  // Its deadline came first.
  if (!stream.ok()) return Fail(id, stream.status());
  session->stream = *std::move(stream);
  Listen(id, *session);
  const uint64_t request = *session->request;
  RefreshUserState();
  const wire::Bytes bytes = codec_.EncodeStream(
      membership_.OpeningMessage(request), Direction::kRequest);
  if (const absl::Status sent = session->stream->Send(bytes); !sent.ok()) {
    return Fail(id, sent);
  }
  if (membership_.ExpectsReply(request)) return;
  // Stays until the peer has taken it and closes.
  session->answered = true;
  session->stream->FinishSending();
  membership_.OnSent(request);
  Drain();
}

void GossipNode::OnAccepted(std::unique_ptr<io::Stream> stream) {
  if (accepted_streams_ >= accepted_streams_max_) {
    ++membership_.counters().streams_overflow;
    return;
  }
  const uint64_t id =
      NewSession(environment_.loop->Now() + stream_timeout_, std::nullopt);
  Session* const session = FindSession(id);
  session->stream = std::move(stream);
  Listen(id, *session);
}

void GossipNode::Listen(uint64_t id, Session& session) {
  session.stream->Receive(
      [this, id](absl::Span<const uint8_t> bytes) { OnBytes(id, bytes); },
      [this, id](const absl::Status& reason) { OnClosed(id, reason); });
}

void GossipNode::OnClosed(uint64_t id, const absl::Status& reason) {
  const Session* const session = FindSession(id);
  // What it had to say is here: a peer need not wait for it to be taken apart.
  if (session != nullptr && session->inflation) return;
  Fail(id, reason.ok() ? absl::UnavailableError(
                             "it closes the stream without an answer")
                       : reason);
}

void GossipNode::OnBytes(uint64_t id, absl::Span<const uint8_t> bytes) {
  const io::TurnCause cause(environment_.loop, "takes gossip streams");
  Session* session = FindSession(id);
  if (session == nullptr || session->answered || session->inflation) return;
  Append(bytes, &session->received);
  BoundBytes();
  session = FindSession(id);
  if (session == nullptr) return;  // It was the largest.
  const Direction direction =
      session->request ? Direction::kResponse : Direction::kRequest;
  auto whole =
      codec_.OpenStream(session->received, direction, &session->progress);
  if (absl::IsUnavailable(whole.status())) return;  // The rest is to come.
  if (!whole.ok()) return OnWhole(id, whole.status());
  if (auto* message = std::get_if<wire::StreamMessage>(&*whole)) {
    return OnWhole(id, std::move(*message));
  }
  session->received = {};
  session->inflation = std::get<wire::StreamInflation>(*std::move(whole));
  inflating_.push_back(id);
  if (inflating_.size() == 1) Inflate();
}

// Most streams are done with their first slice. Many that are not, or that come
// at once, take turns with all else that the loop does.
void GossipNode::Inflate() {
  const io::TurnCause cause(environment_.loop, "inflates gossip streams");
  if (inflating_.empty()) return;
  const uint64_t id = inflating_.front();
  Session* const session = FindSession(id);
  const bool is_open = session != nullptr && session->inflation.has_value();
  if (is_open) {
    auto step = session->inflation->Step();
    const bool goes_on = step.ok() && !*step && Admit(*session);
    if (goes_on) return InflateLater();
    inflating_.pop_front();
    if (!step.ok()) {
      OnWhole(id, step.status());
    } else if (*step) {
      OnWhole(id, **std::move(step));
    } else {
      EndSession(id);
    }
  } else {
    inflating_.pop_front();
  }
  if (!inflating_.empty()) InflateLater();
}

void GossipNode::InflateLater() {
  environment_.loop->Post([this, alive = std::weak_ptr<const bool>(alive_)] {
    if (!alive.expired()) Inflate();
  });
}

// A small exchange is asked once it is read, a large one before it costs more.
bool GossipNode::Admit(Session& session) {
  if (session.request || session.admitted) return true;
  session.admitted = exchanges_.Take(environment_.loop->Now(),
                                     session.stream->remote().address, 1);
  if (!session.admitted) ++membership_.counters().refused_exchanges;
  return session.admitted;
}

// All of a stream's message is here, or what is here is none.
void GossipNode::OnWhole(uint64_t id,
                         absl::StatusOr<wire::StreamMessage> message) {
  Session* session = FindSession(id);
  const Direction direction =
      session->request ? Direction::kResponse : Direction::kRequest;
  const net::IpAddress from = session->stream->remote().address;
  if (message.ok()) {
    const auto* const error = std::get_if<wire::Error>(&*message);
    if (error != nullptr && error->message == wire::kNoKeyOpens) {
      OnMismatch(from, UndecryptablePeers::Via::kStream,
                 wire::Mismatch::kOursRefused);
    } else if (session->request) {
      undecryptable_.Forget(from);
    } else {
      undecryptable_.OnReadable(from);
    }
  } else {
    ++membership_.counters().refused_undecodable;
    OnMismatch(from, UndecryptablePeers::Via::kStream,
               codec_.StreamMismatch(session->received, direction));
  }
  session = FindSession(id);
  if (session == nullptr) return;  // An observer ended it.
  if (!session->request) {
    session->answered = true;
    session->received = {};
    session->inflation.reset();
    return Answer(id, *session, std::move(message));
  }
  if (!message.ok()) return Fail(id, message.status());
  const uint64_t request = *session->request;
  EndSession(id);
  membership_.OnReply(environment_.loop->Now(), request, *message);
  Drain();
}

// Anybody may open streams that promise much and never are whole; who says
// little is heard beside them, and whom we asked before all.
void GossipNode::BoundBytes() {
  size_t sum = 0;
  for (const auto& [id, session] : sessions_) sum += session->bytes();
  if (sum <= stream_bytes_max_) return;
  const auto last = std::max_element(
      sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
        const auto standing = [](const Session& session) {
          const bool is_theirs = !session.request.has_value();
          return std::pair(is_theirs && session.bytes() > 0, session.bytes());
        };
        return standing(*a.second) < standing(*b.second);
      });
  ++membership_.counters().streams_overflow;
  Fail(last->first, absl::ResourceExhaustedError("too many bytes at once"));
}

void GossipNode::Answer(uint64_t id, Session& session,
                        absl::StatusOr<wire::StreamMessage> request) {
  std::optional<wire::StreamMessage> reply;
  if (request.ok()) {
    const bool is_exchange = std::holds_alternative<wire::PushPull>(*request);
    if (is_exchange && !Admit(session)) return EndSession(id);
    if (is_exchange) RefreshUserState();
    reply = membership_.OnStreamRequest(environment_.loop->Now(),
                                        session.stream->remote(), *request);
  } else {
    reply = wire::Error{std::string(request.status().message())};
  }
  // Once the answer is out the peer closes; the deadline sees to the rest.
  if (reply &&
      session.stream->Send(codec_.EncodeStream(*reply, Direction::kResponse))
          .ok()) {
    session.stream->FinishSending();
  } else {
    EndSession(id);
  }
  Drain();
}

void GossipNode::RefreshUserState() {
  if (!user_state_) return;
  wire::Bytes state = user_state_();
  if (state.size() > kUserStateSizeMax) {
    ++membership_.counters().user_state_overflow;
    state.clear();
  }
  membership_.SetUserState(std::move(state));
}

}  // namespace lb::gossip
