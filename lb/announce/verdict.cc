#include "lb/announce/verdict.h"

#include "lb/base/check.h"

namespace lb::announce {

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kReply:
      return "reply";
    case Verdict::kNotRequest:
      return "not_request";
    case Verdict::kNotOurs:
      return "not_ours";
    case Verdict::kWrongDestination:
      return "wrong_destination";
    case Verdict::kConflict:
      return "conflict";
    case Verdict::kRival:
      return "rival";
    case Verdict::kSilent:
      return "silent";
    case Verdict::kOwnFrame:
      return "own_frame";
    case Verdict::kTagged:
      return "tagged";
    case Verdict::kUnsupported:
      return "unsupported";
    case Verdict::kMalformed:
      return "malformed";
    case Verdict::kUnknownInterface:
      return "unknown_interface";
    case Verdict::kQueueFull:
      return "queue_full";
    case Verdict::kFenced:
      return "fenced";
  }
  LB_UNREACHABLE();
}

}  // namespace lb::announce
