#include "daemon/lbctl/testing/fake_node.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_replace.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

// Finds "/lb.status.v1.Status/GetNode" by its name in the protos.
const google::protobuf::MethodDescriptor* Describe(const std::string& method) {
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrReplaceAll(method.substr(1), {{"/", "."}}));
}

std::string ToText(const google::protobuf::MethodDescriptor& method,
                   const std::string& bytes) {
  const std::unique_ptr<google::protobuf::Message> request(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(method.input_type())
          ->New());
  EXPECT_TRUE(request->ParseFromString(bytes));
  const std::string fields = request->ShortDebugString();
  return fields.empty() ? method.name() : method.name() + " " + fields;
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

// Reads one message, writes the answers, and ends.
class FakeNode::Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(FakeNode* node, std::string method)
      : node_(node), method_(std::move(method)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    script_ = node_->OnCall(method_, BytesOf(request_));
    WriteNext();
  }
  void OnWriteDone(bool) override { WriteNext(); }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (next_ == script_.answers.size()) return Finish(script_.refusal);
    const grpc::Slice slice(script_.answers[next_++]);
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&answer_);
  }

  FakeNode* const node_;
  const std::string method_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  Script script_;
  size_t next_ = 0;
};

grpc::ServerGenericBidiReactor* FakeNode::Service::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  return new Call(node_, context->method());
}

FakeNode::FakeNode() {
  // Short: the path of a unix socket has at most 107 bytes.
  folder_ = "/tmp/lbctl-test.XXXXXX";
  EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  path_ = folder_ + "/lbd.sock";
  grpc::ServerBuilder builder;
  builder.AddListeningPort(server(), grpc::InsecureServerCredentials());
  builder.RegisterCallbackGenericService(&service_);
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr);
}

FakeNode::~FakeNode() {
  server_->Shutdown();
  server_->Wait();
  std::filesystem::remove_all(folder_);
}

void FakeNode::Answer(const std::string& method,
                      const google::protobuf::Message& answer) {
  const std::lock_guard lock(mutex_);
  scripts_[method].answers.push_back(answer.SerializeAsString());
}

void FakeNode::Refuse(const std::string& method, const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  scripts_[method].refusal = status;
}

void FakeNode::Clear() {
  const std::lock_guard lock(mutex_);
  scripts_.clear();
}

std::vector<std::string> FakeNode::TakeAsked() {
  const std::lock_guard lock(mutex_);
  return std::exchange(asked_, {});
}

FakeNode::Script FakeNode::OnCall(const std::string& method,
                                  const std::string& request) {
  const auto* const described = Describe(method);
  const std::lock_guard lock(mutex_);
  asked_.push_back(ToText(*described, request));
  Script& script = scripts_[described->name()];
  if (described->server_streaming()) return script;
  Script answer = {.refusal = script.refusal};
  if (!answer.refusal.ok()) return answer;
  answer.answers.push_back(
      script.answers.empty() ? "" : script.answers[script.next]);
  script.next = std::min(script.next + 1, script.answers.size() - 1);
  if (script.answers.empty()) script.next = 0;
  return answer;
}

}  // namespace lb::lbctl
