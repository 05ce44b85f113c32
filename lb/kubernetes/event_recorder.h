// EventRecorder: tells people what happened to an object, by Events of the API.
//
// Events are the last that a Writer sends and the first that it drops.
// event_series.h has the rules and the bounds.
//
//   recorder.Record({.reason = "IPAllocated", .action = "Assign",
//                    .note = "192.0.2.1 out of pool a",
//                    .regarding = {"v1", "Service", {"default", "web"}, uid}});
//
// Loop thread only. The loop and the writer outlive it.
#ifndef LB_KUBERNETES_EVENT_RECORDER_H_
#define LB_KUBERNETES_EVENT_RECORDER_H_

#include <memory>

#include "lb/io/loop.h"
#include "lb/kubernetes/event_series.h"
#include "lb/kubernetes/writer.h"

namespace lb::kubernetes {

class EventRecorder {
 public:
  EventRecorder(io::Loop* loop, Writer* writer, EventOptions options);
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  // Never fails: what cannot be written is dropped and counted.
  void Record(const KubernetesEvent& event);

  const EventSeries::Stats& stats() const { return core_.stats(); }

 private:
  void Drain();
  void OnReport(const WriteReport& report);

  io::Loop* const loop_;
  Writer* const writer_;
  EventSeries core_;
  std::unique_ptr<io::Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_EVENT_RECORDER_H_
