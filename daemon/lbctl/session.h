// Session: asks the node of a command and prints the answers in the chosen
// form.
//
//   const Session session({.server = "n1:7473"}, Output::kTable, colours);
//   return session.Ask(&status::v1::Status::Stub::GetNode);
#ifndef LB_DAEMON_LBCTL_SESSION_H_
#define LB_DAEMON_LBCTL_SESSION_H_

#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/lbctl/client.h"
#include "daemon/lbctl/format.h"
#include "daemon/lbctl/name_hint.h"
#include "daemon/lbctl/refusal.h"
#include "daemon/lbctl/render.h"
#include "lb/status/v1/status.pb.h"

namespace lb::lbctl {

enum class Output { kTable, kWide, kJson, kYaml };

class Session {
 public:
  Session(ClientOptions server, Output output, bool colours)
      : server_(std::move(server)),
        output_(output),
        style_{.wide = output == Output::kWide, .colours = colours} {}

  // Asks and prints the answer. After a refusal, `hint` takes the place of the
  // advice.
  template <typename Stub, typename Request, typename Response>
  ExitStatus Ask(Method<Stub, Request, Response> method,
                 const std::type_identity_t<Request>& request = {},
                 const NameHint& hint = {}) const {
    return Run<Response>(
        [&](const Client& client, Response* response) {
          return client.Ask(method, request, response);
        },
        hint);
  }
  // Does the same for all pages of a list.
  template <typename Stub, typename Request, typename Response>
  ExitStatus AskAll(Method<Stub, Request, Response> method,
                    const std::type_identity_t<Request>& request = {}) const {
    return Run<Response>([&](const Client& client, Response* all) {
      return client.AskAll(method, request, all);
    });
  }
  // Connects, calls `ask` with the client and an answer, prints the answer.
  template <typename Response, typename AskNode>
  ExitStatus Run(AskNode ask, const NameHint& hint = {}) const {
    const absl::StatusOr<Client> client = Connect();
    if (!client.ok()) return Fail(client.status());
    Response response;
    const grpc::Status status = ask(*client, &response);
    if (!status.ok()) return Fail(status, hint ? hint(*client, status) : "");
    return Print(response);
  }

  absl::Time Now() const;
  absl::StatusOr<Client> Connect() const { return Client::Create(server_); }
  template <typename Message>
  ExitStatus Print(const Message& message) const {
    // One event on each line, so that a reader can follow; other answers are
    // for people.
    constexpr auto kLayout = std::is_same_v<Message, status::v1::Event>
                                 ? Layout::kOneLine
                                 : Layout::kIndented;
    return Write(output_ == Output::kJson   ? ToJson(message, kLayout)
                 : output_ == Output::kYaml ? ToYaml(message)
                                            : Render(message, style_));
  }
  // Prints to standard output. kNoAnswer: it takes no more.
  ExitStatus Write(const std::string& text) const;
  // Prints to standard error.
  void Tell(const std::string& line) const;

  // Says what is wrong and what to do. `hint`, if there is one, takes the place
  // of the advice.
  ExitStatus Fail(const grpc::Status& status,
                  const std::string& hint = "") const;
  ExitStatus Fail(const absl::Status& status,
                  ExitStatus exit_status = kWrongUsage) const;

  const std::string& server() const { return server_.server; }
  // How long the user waits for an answer.
  absl::Duration patience() const { return server_.timeout; }
  Output output() const { return output_; }
  const Style& style() const { return style_; }
  bool IsForPeople() const {
    return output_ == Output::kTable || output_ == Output::kWide;
  }

 private:
  const ClientOptions server_;
  const Output output_;
  const Style style_;
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_SESSION_H_
