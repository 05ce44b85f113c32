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

namespace lb::gossip {

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
      [this, id](const absl::Status& reason) {
        Fail(id, reason.ok() ? absl::UnavailableError(
                                   "it closes the stream without an answer")
                             : reason);
      });
}

void GossipNode::OnBytes(uint64_t id, absl::Span<const uint8_t> bytes) {
  Session* session = FindSession(id);
  if (session == nullptr || session->answered) return;
  session->received.insert(session->received.end(), bytes.begin(), bytes.end());
  BoundBytes();
  session = FindSession(id);
  if (session == nullptr) return;  // It was the largest.
  const Direction direction =
      session->request ? Direction::kResponse : Direction::kRequest;
  auto message =
      codec_.DecodeStream(session->received, direction, &session->progress);
  if (absl::IsUnavailable(message.status())) return;  // The rest is to come.
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
  for (const auto& [id, session] : sessions_) sum += session->received.size();
  if (sum <= stream_bytes_max_) return;
  const auto last = std::max_element(
      sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
        const auto standing = [](const Session& session) {
          const bool is_theirs = !session.request.has_value();
          return std::pair(is_theirs && !session.received.empty(),
                           session.received.size());
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
    if (std::holds_alternative<wire::PushPull>(*request)) RefreshUserState();
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
