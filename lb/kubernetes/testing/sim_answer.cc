#include "lb/kubernetes/testing/sim_answer.h"

#include <utility>

#include "fmt/format.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb::kubernetes {

using config::YamlNode;

std::string StatusText(int code, std::string_view reason,
                       std::string_view message) {
  JsonWriter json;
  json.BeginMap()
      .Pair("kind", "Status")
      .Pair("apiVersion", "v1")
      .Pair("status", "Failure")
      .Pair("message", message)
      .Pair("reason", reason)
      .Key("code")
      .Number(code)
      .EndMap();
  return std::move(json).Finish();
}

SimAnswer Refusal(int code, std::string_view reason, std::string_view message) {
  return {code,
          {{"content-type", "application/json"}},
          StatusText(code, reason, message)};
}

SimAnswer ExpiredAnswer() {
  return Refusal(410, "Expired", "too old resource version");
}

SimAnswer TooLargeAnswer() {
  SimAnswer answer;
  answer.code = 504;
  answer.body =
      R"({"kind":"Status","apiVersion":"v1","status":"Failure",)"
      R"("message":"Timeout: Too large resource version","reason":"Timeout",)"
      R"("details":{"causes":[{"reason":"ResourceVersionTooLarge",)"
      R"("message":"Too large resource version"}],"retryAfterSeconds":1},)"
      R"("code":504})";
  return answer;
}

SimAnswer OverloadedAnswer(int code, int retry_after_seconds) {
  SimAnswer answer =
      Refusal(code, code == 429 ? "TooManyRequests" : "ServiceUnavailable",
              "please try again later");
  answer.headers.push_back(
      {"retry-after", fmt::format("{}", retry_after_seconds)});
  return answer;
}

SimAnswer AnswerOf(const SimOutcome& outcome) {
  if (!outcome.ok()) {
    return Refusal(outcome.code, outcome.reason, outcome.message);
  }
  return {outcome.code,
          {{"content-type", "application/json"}},
          JsonText(Sent(*outcome.object, /*metadata_only=*/false))};
}

YamlNode Sent(const YamlNode& object, bool metadata_only) {
  YamlNode sent = object;
  if (metadata_only) {
    Remove("spec", &sent);
    Remove("status", &sent);
    Remove("data", &sent);
    SetText("kind", "PartialObjectMetadata", &sent);
    SetText("apiVersion", "meta.k8s.io/v1", &sent);
  }
  Replace("managedFields", Json(R"([{"manager": "sim", "fieldsV1": {}}])"),
          Place("metadata", &sent));
  return sent;
}

}  // namespace lb::kubernetes
