#include "lb/gossip/gossip_streams.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "lb/gossip/gossip_session.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/io/turn_cause.h"

namespace lb::gossip {

namespace {

// Members that one turn of the loop merges: some milliseconds. An exchange of
// more is answered in two turns: one writes the answer, one encodes it.
constexpr size_t kMergeSlice = 512;

bool IsLarge(const wire::StreamMessage& message) {
  const auto* const exchange = std::get_if<wire::PushPull>(&message);
  return exchange != nullptr && exchange->nodes.size() > kMergeSlice;
}

// Exchanges that an address may begin. Members exchange once in some seconds,
// and again at once when much is new or when they start; several may be behind
// one address.
constexpr SourceBucketOptions kExchanges = {
    .per_second = 1, .most = 16, .at_first = 16};

// False: the stream is broken. Once the bytes are out the peer closes, and the
// deadline ends a session whose peer does not.
bool SendLast(io::Stream& stream, const wire::Bytes& bytes) {
  if (!stream.Send(bytes).ok()) return false;
  stream.FinishSending();
  return true;
}

// A vector that doubles would take twice what the largest stream needs.
void Append(absl::Span<const uint8_t> bytes, wire::Bytes* received) {
  const size_t size = received->size() + bytes.size();
  if (size > received->capacity()) received->reserve(size + size / 2);
  received->insert(received->end(), bytes.begin(), bytes.end());
}

}  // namespace

using Direction = wire::Codec::Direction;

GossipStreams::GossipStreams(const GossipOptions& options, const Ports& ports,
                             wire::Codec& codec, Membership& membership,
                             UndecryptablePeers& undecryptable)
    : ports_(ports),
      codec_(codec),
      membership_(membership),
      undecryptable_(undecryptable),
      stream_timeout_(options.streams.tcp_timeout),
      exchanges_(kExchanges),
      sessions_({.accepted_max = options.streams.accepted_max,
                 .bytes_max = options.streams.bytes_max}) {}

uint64_t GossipStreams::NewSession(absl::Time deadline,
                                   std::optional<uint64_t> request) {
  auto session = std::make_unique<GossipSession>();
  session->request = request;
  GossipSession& added = *session;
  const uint64_t id = sessions_.Add(std::move(session));
  added.deadline = ports_.loop->NewTimer([this, id] {
    Fail(id, absl::DeadlineExceededError("no answer in time"));
  });
  added.deadline->Arm(deadline);
  return id;
}

void GossipStreams::Fail(uint64_t id, const absl::Status& why) {
  const GossipSession* const session = sessions_.Find(id);
  if (session == nullptr) return;
  const std::optional<uint64_t> unanswered =
      session->answered ? std::nullopt : session->request;
  sessions_.End(id);
  if (!unanswered) return;
  membership_.OnRequestFailed(ports_.loop->Now(), *unanswered, why);
  node_.drain();
}

void GossipStreams::Open(const StreamRequest& request) {
  const uint64_t id = NewSession(request.deadline, request.id);
  ports_.streams->Connect(
      request.to, request.deadline,
      [this, id, alive = std::weak_ptr<const bool>(alive_)](
          absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
        if (alive.expired()) return;  // This node is gone.
        OnConnected(id, std::move(stream));
      });
}

void GossipStreams::OnConnected(
    uint64_t id, absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
  GossipSession* const session = sessions_.Find(id);
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
  node_.drain();
}

void GossipStreams::OnAccepted(std::unique_ptr<io::Stream> stream) {
  if (!sessions_.MayAccept()) {
    ++membership_.counters().overflow.streams;
    return;
  }
  const uint64_t id =
      NewSession(ports_.loop->Now() + stream_timeout_, std::nullopt);
  GossipSession* const session = sessions_.Find(id);
  session->stream = std::move(stream);
  Listen(id, *session);
}

void GossipStreams::Listen(uint64_t id, GossipSession& session) {
  session.stream->Receive(
      [this, id](absl::Span<const uint8_t> bytes) { OnBytes(id, bytes); },
      [this, id](const absl::Status& reason) { OnClosed(id, reason); });
}

void GossipStreams::OnClosed(uint64_t id, const absl::Status& reason) {
  const GossipSession* const session = sessions_.Find(id);
  // What it had to say is here: a peer need not wait for it to be taken apart.
  if (session != nullptr && session->waits()) return;
  Fail(id, reason.ok() ? absl::UnavailableError(
                             "it closes the stream without an answer")
                       : reason);
}

void GossipStreams::OnBytes(uint64_t id, absl::Span<const uint8_t> bytes) {
  const io::TurnCause cause(ports_.loop, "takes gossip streams");
  GossipSession* session = sessions_.Find(id);
  if (session == nullptr || session->answered || session->waits()) return;
  Append(bytes, &session->received);
  if (const std::optional<uint64_t> excess = sessions_.Excess()) {
    ++membership_.counters().overflow.streams;
    Fail(*excess, absl::ResourceExhaustedError("too many bytes at once"));
  }
  session = sessions_.Find(id);
  if (session == nullptr) return;  // It was the largest.
  const Direction direction =
      session->request ? Direction::kResponse : Direction::kRequest;
  auto whole =
      codec_.OpenStream(session->received, direction, &session->progress);
  if (absl::IsUnavailable(whole.status())) return;  // The rest is to come.
  if (!whole.ok()) return OnWhole(id, whole.status());
  if (auto* message = std::get_if<wire::StreamMessage>(&*whole)) {
    if (!IsLarge(*message)) return OnWhole(id, std::move(*message));
    session->exchange = std::get<wire::PushPull>(std::move(*message));
  } else {
    session->received = {};
    session->inflation = std::get<wire::StreamInflation>(*std::move(whole));
  }
  waiting_.push_back(id);
  if (waiting_.size() == 1) TakeSlice();
}

// Most streams are done with their first slice. Many that are not, or that come
// at once, take turns with all else that the loop does.
void GossipStreams::TakeSlice() {
  const io::TurnCause cause(ports_.loop, "takes large gossip streams");
  if (waiting_.empty()) return;
  const uint64_t id = waiting_.front();
  GossipSession* const session = sessions_.Find(id);
  bool done = true;  // Its deadline may have come.
  if (session != nullptr && session->inflation) {
    done = Inflate(id, *session);
  } else if (session != nullptr && session->exchange) {
    done = MergeSlice(id, *session);
  } else if (session != nullptr && !session->reply.empty()) {
    const wire::Bytes bytes = codec_.EncodeSerialized(
        std::exchange(session->reply, {}), Direction::kResponse);
    if (!SendLast(*session->stream, bytes)) sessions_.End(id);
  }
  if (done) waiting_.pop_front();
  if (!waiting_.empty()) PostSlice();
}

void GossipStreams::PostSlice() {
  ports_.loop->Post([this, alive = std::weak_ptr<const bool>(alive_)] {
    if (!alive.expired()) TakeSlice();
  });
}

bool GossipStreams::Inflate(uint64_t id, GossipSession& session) {
  auto step = session.inflation->Step();
  const bool is_whole = !step.ok() || *step;
  if (is_whole && !(step.ok() && IsLarge(**step))) {
    OnWhole(id, step.ok() ? **std::move(step)
                          : absl::StatusOr<wire::StreamMessage>(step.status()));
    return true;
  }
  if (is_whole) {
    session.inflation.reset();
    session.exchange = std::get<wire::PushPull>(**std::move(step));
  }
  const bool goes_on = Admit(session);
  if (!goes_on) sessions_.End(id);
  return !goes_on;
}

// The message itself, and our answer, come after the last slice.
bool GossipStreams::MergeSlice(uint64_t id, GossipSession& session) {
  if (!Admit(session)) {
    sessions_.End(id);
    return true;
  }
  const absl::Time now = ports_.loop->Now();
  auto& nodes = session.exchange->nodes;
  const bool goes_on =
      session.merged > 0 || membership_.Admits(now, *session.exchange);
  if (goes_on && session.merged < nodes.size()) {
    const auto slice =
        absl::MakeConstSpan(nodes).subspan(session.merged, kMergeSlice);
    session.merged += slice.size();
    membership_.OnMembers(now, session.stream->remote(), slice,
                          session.request.has_value());
    node_.drain();
    return false;
  }
  if (goes_on) nodes.clear();
  OnWhole(id, *std::move(session.exchange));
  return true;
}

// A small exchange is asked once it is read, a large one before it costs more.
bool GossipStreams::Admit(GossipSession& session) {
  if (session.request || session.admitted) return true;
  session.admitted =
      exchanges_.Take(ports_.loop->Now(), session.stream->remote().address, 1);
  if (!session.admitted) ++membership_.counters().refused.exchanges;
  return session.admitted;
}

// All of a stream's message is here, or what is here is none.
void GossipStreams::OnWhole(uint64_t id,
                            absl::StatusOr<wire::StreamMessage> message) {
  GossipSession* session = sessions_.Find(id);
  const Direction direction =
      session->request ? Direction::kResponse : Direction::kRequest;
  const net::IpAddress from = session->stream->remote().address;
  if (message.ok()) {
    const auto* const error = std::get_if<wire::Error>(&*message);
    if (error != nullptr && error->message == wire::kNoKeyOpens) {
      node_.on_mismatch(from, wire::Mismatch::kOursRefused);
    } else if (session->request) {
      undecryptable_.Forget(from);
    } else {
      undecryptable_.OnReadable(from);
    }
  } else {
    ++membership_.counters().refused.undecodable;
    node_.on_mismatch(from,
                      codec_.StreamMismatch(session->received, direction));
  }
  session = sessions_.Find(id);
  if (session == nullptr) return;  // An observer ended it.
  if (!session->request) {
    session->answered = true;
    session->received = {};
    session->inflation.reset();
    session->exchange.reset();
    return Answer(id, *session, std::move(message));
  }
  if (!message.ok()) return Fail(id, message.status());
  const uint64_t request = *session->request;
  sessions_.End(id);
  membership_.OnReply(ports_.loop->Now(), request, *message);
  node_.drain();
}

void GossipStreams::Answer(uint64_t id, GossipSession& session,
                           absl::StatusOr<wire::StreamMessage> request) {
  std::optional<wire::StreamMessage> reply;
  if (request.ok()) {
    const bool is_exchange = std::holds_alternative<wire::PushPull>(*request);
    if (is_exchange && !Admit(session)) return sessions_.End(id);
    if (is_exchange) RefreshUserState();
    reply = membership_.OnStreamRequest(ports_.loop->Now(),
                                        session.stream->remote(), *request);
  } else {
    reply = wire::Error{std::string(request.status().message())};
  }
  if (reply && IsLarge(*reply)) {
    session.reply = wire::SerializeStreamMessage(*reply);
    waiting_.push_back(id);
    // If others wait, a turn is to come already.
    if (waiting_.size() == 1) PostSlice();
  } else if (!reply ||
             !SendLast(*session.stream,
                       codec_.EncodeStream(*reply, Direction::kResponse))) {
    sessions_.End(id);
  }
  node_.drain();
}

void GossipStreams::RefreshUserState() {
  if (!user_state_) return;
  wire::Bytes state = user_state_();
  if (state.size() > kUserStateSizeMax) {
    ++membership_.counters().overflow.user_state;
    state.clear();
  }
  membership_.SetUserState(std::move(state));
}

}  // namespace lb::gossip
