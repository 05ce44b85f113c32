// What-ifs of the status service: bounded, and beside the loop.
#include <algorithm>
#include <array>
#include <string>

#include "absl/synchronization/blocking_counter.h"
#include "daemon/status_view/status_view.h"
#include "daemon/testing/node_test.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {
namespace {

class WhatIfTest : public NodeTest {};

TEST_F(WhatIfTest, HasABoundedSize) {
  status::v1::WhatIfRequest request;
  for (size_t i = 0; i < StatusView::kWhatIfNodesMax; ++i) {
    request.add_with("node-" + std::to_string(i));
  }
  status::v1::WhatIfResponse response;
  {
    grpc::ClientContext context;
    EXPECT_TRUE(stub_->WhatIf(&context, request, &response).ok());
  }
  request.add_without("n1");
  grpc::ClientContext context;
  const grpc::Status status = stub_->WhatIf(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "without, with: 257 nodes for 1 services, want at most 256");
}

TEST_F(WhatIfTest, OneIsAskedAtATime) {
  struct Call {
    grpc::ClientContext context;
    status::v1::WhatIfRequest request;
    status::v1::WhatIfResponse response;
    grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  };
  std::array<Call, 20> calls;
  absl::BlockingCounter open(static_cast<int>(calls.size()));
  for (Call& call : calls) {
    call.request.add_with("other");
    stub_->async()->WhatIf(&call.context, &call.request, &call.response,
                           [&](const grpc::Status& status) {
                             call.code = status.error_code();
                             open.DecrementCount();
                           });
  }
  open.Wait();
  const auto count = [&](grpc::StatusCode code) {
    return std::count_if(calls.begin(), calls.end(),
                         [&](const Call& call) { return call.code == code; });
  };
  EXPECT_GT(count(grpc::StatusCode::OK), 0);
  EXPECT_EQ(
      count(grpc::StatusCode::OK) + count(grpc::StatusCode::RESOURCE_EXHAUSTED),
      20);
}

}  // namespace
}  // namespace lb
