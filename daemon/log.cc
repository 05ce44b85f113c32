#include "daemon/log.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "daemon/event_proto.h"
#include "daemon/log_limiter.h"
#include "google/protobuf/util/json_util.h"
#include "grpc/support/log.h"
#include "lb/config/printable.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace lb {
namespace {

LogFormat log_format = LogFormat::kText;
LogLimiter limiter;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string ToJson(const Event& event) {
  google::protobuf::util::JsonPrintOptions format;
  format.always_print_primitive_fields = true;
  std::string json;
  const auto converted = google::protobuf::util::MessageToJsonString(
      ToProto(event), &json, format);
  return converted.ok() ? json : converted.ToString();
}

std::string Format(const Event& event) {
  if (log_format == LogFormat::kJson) return ToJson(event);
  return fmt::format("{} {}: {}", event.reason,
                     config::Printable(event.object.ToString()),
                     config::Printable(event.message));
}

// Strangers can cause lines of gRPC at will (a failed handshake), so they are
// for debugging only. Runs on gRPC's threads.
void LogOfGrpc(gpr_log_func_args* line) {
  if (!spdlog::should_log(spdlog::level::debug)) return;
  const Event event = {
      .time = absl::Now(),
      .reason = "Grpc",
      .object = {"", fmt::format("{}:{}", line->file, line->line)},
      .message = line->message};
  spdlog::debug("{}", Format(event));
}

}  // namespace

void ConfigureLog(LogLevel level, LogFormat format) {
  log_format = format;
  auto logger = spdlog::stderr_logger_mt("lbd");
  logger->set_level(ToSpdlog(level));
  logger->set_pattern(
      format == LogFormat::kJson ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %-7l %v");
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  gpr_set_log_function(LogOfGrpc);
}

void SetLogLevel(LogLevel level) {
  spdlog::default_logger()->set_level(ToSpdlog(level));
}

void LogEvent(const Event& event) {
  const auto level = event.type == EventType::kWarning ? spdlog::level::warn
                                                       : spdlog::level::info;
  if (!spdlog::should_log(level)) return;
  const LogLimiter::Verdict verdict = limiter.Judge(event);
  if (!verdict.log) return;
  Event shown = event;
  if (verdict.suppressed > 0) {
    shown.message +=
        fmt::format(" (and {} like it, not logged)", verdict.suppressed);
  }
  spdlog::log(level, "{}", Format(shown));
}

}  // namespace lb
