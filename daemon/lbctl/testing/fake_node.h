// FakeNode: a node on a unix socket that gives the answers of a test.
//
//   FakeNode node;
//   node.Answer("ListPools", first_page);
//   node.Answer("ListPools", last_page);
//   ... lbctl --server node.server() pools ...
//   node.TakeAsked();  // {"ListPools", "ListPools page_token: \"2\""}
#ifndef LB_DAEMON_LBCTL_TESTING_FAKE_NODE_H_
#define LB_DAEMON_LBCTL_TESTING_FAKE_NODE_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/grpcpp.h"

namespace lb::lbctl {

class FakeNode {
 public:
  FakeNode();
  ~FakeNode();

  std::string server() const { return "unix:" + path_; }

  // Adds an answer to calls of one method. Calls get the answers one after the
  // other, and the last one again and again; a call without any gets an empty
  // message. A stream gets all answers.
  void Answer(const std::string& method,
              const google::protobuf::Message& answer);
  // Refuses all calls of the method from now on.
  void Refuse(const std::string& method, const grpc::Status& status);
  // Forgets all answers and refusals.
  void Clear();

  // Returns the calls since the last TakeAsked(): the method and its request as
  // text.
  std::vector<std::string> TakeAsked();

 private:
  class Call;

  struct Script {
    std::vector<std::string> answers;  // As bytes.
    size_t next = 0;
    grpc::Status refusal;
  };

  class Service final : public grpc::CallbackGenericService {
   public:
    explicit Service(FakeNode* node) : node_(node) {}
    grpc::ServerGenericBidiReactor* CreateReactor(
        grpc::GenericCallbackServerContext* context) override;

   private:
    FakeNode* const node_;
  };

  // The answers to a call.
  Script OnCall(const std::string& method, const std::string& request);

  std::string folder_;
  std::string path_;
  Service service_{this};
  std::mutex mutex_;
  std::map<std::string, Script> scripts_;  // Under mutex_, as asked_ is.
  std::vector<std::string> asked_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_TESTING_FAKE_NODE_H_
