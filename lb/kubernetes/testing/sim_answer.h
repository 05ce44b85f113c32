// SimAnswer: a whole answer of a simulated API server.
//
// Pure, any thread.
#ifndef LB_KUBERNETES_TESTING_SIM_ANSWER_H_
#define LB_KUBERNETES_TESTING_SIM_ANSWER_H_

#include <string>
#include <string_view>
#include <vector>

#include "lb/config/yaml_tree.h"
#include "lb/http/client.h"
#include "lb/kubernetes/testing/sim_store.h"

namespace lb::kubernetes {

struct SimAnswer {
  int code = 200;
  std::vector<http::Header> headers;
  std::string body;
};

// The object of kind Status, as JSON.
std::string StatusText(int code, std::string_view reason,
                       std::string_view message);

SimAnswer Refusal(int code, std::string_view reason, std::string_view message);

// 410, as the server says it of a version or a token that is too old.
SimAnswer ExpiredAnswer();
// 504 with the cause ResourceVersionTooLarge.
SimAnswer TooLargeAnswer();
// 429 or 503 with a Retry-After.
SimAnswer OverloadedAnswer(int code, int retry_after_seconds);

SimAnswer AnswerOf(const SimOutcome& outcome);

// The object as the server sends it: with managedFields, which a client drops,
// or its metadata alone.
config::YamlNode Sent(const config::YamlNode& object, bool metadata_only);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_SIM_ANSWER_H_
