// Writer: writes changes of objects to the API server, each until the server
// has said what became of it.
//
// A caller says what it wants of an object; a later wish for the same object
// takes the place of one that still waits. write_queue.h has the rules and the
// bounds. If another writer was first, the caller is asked what is still needed
// of the fresh object.
//
//   writer.Write(
//       {.target = {services, {"default", "web"}, "status"},
//        .body = patch,
//        .on_report = [](const WriteReport& report) { Use(report); }});
//
// Loop thread only. The loop and the client outlive it. A write that waits when
// it is destroyed is dropped without a report.
#ifndef LB_KUBERNETES_WRITER_H_
#define LB_KUBERNETES_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/write_queue.h"
#include "lb/kubernetes/write_request.h"

namespace lb::kubernetes {

class Writer {
 public:
  Writer(io::Loop* loop, http::Client* client, const WriterOptions& options,
         const Prng& prng);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  // The report comes on a later turn of the loop. It may call Write(), and may
  // destroy this object.
  void Write(WriteRequest request);

  // Writes that wait or are under way.
  size_t size() const { return core_.size(); }
  // The last refusal or loss, with its object; empty if there was none.
  const std::string& last_error() const { return core_.last_error(); }
  const WriteQueue::Ended& ended() const { return core_.ended(); }

 private:
  // Sends and cancels, and arms the timer.
  void CarryOut();
  // Carries out, then reports. This object may be destroyed when it returns.
  void Drain();

  io::Loop* const loop_;
  http::Client* const client_;
  WriteQueue core_;
  std::map<uint64_t, http::RequestId> requests_;  // By the core's number.
  std::unique_ptr<io::Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_WRITER_H_
