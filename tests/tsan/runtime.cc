// Tells ThreadSanitizer what it cannot see. Linked into every program of
// --config=tsan.
//
// Debian's Abseil and gRPC are not compiled with it, so it does not see that
// their absl::Mutex orders two threads, and reports each access behind one as a
// race. The locks are calls into a shared library, so these functions of the
// same (mangled) names in the program are found first. They announce the lock
// and pass the call on. Between "pre" and "post" the sanitizer looks away.
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <sanitizer/tsan_interface.h>

#include <cstdint>

#define MUTEX "_ZN4absl7debian35Mutex"
#define COND_VAR "_ZN4absl7debian37CondVar"

// absl::Time, as it is passed: in two registers.
struct Moment {
  int64_t seconds;
  int64_t ticks;
};

namespace {

// The library's function `name`.
template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// A wait gives the mutex away and has it again at its end.
template <typename Wait>
auto Waiting(void* mutex, const Wait& wait) {
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
  struct Locking {
    explicit Locking(void* locked) : mutex(locked) {
      __tsan_mutex_pre_lock(mutex, 0);
    }
    ~Locking() { __tsan_mutex_post_lock(mutex, 0, 0); }
    void* mutex;
  } locking(mutex);
  return wait();
}

}  // namespace

void Lock(void* mutex) __asm__(MUTEX "4LockEv");
void Lock(void* mutex) {
  static const auto next = Next<void(void*)>(MUTEX "4LockEv");
  __tsan_mutex_pre_lock(mutex, 0);
  next(mutex);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

bool TryLock(void* mutex) __asm__(MUTEX "7TryLockEv");
bool TryLock(void* mutex) {
  static const auto next = Next<bool(void*)>(MUTEX "7TryLockEv");
  constexpr unsigned kTry = __tsan_mutex_try_lock;
  __tsan_mutex_pre_lock(mutex, kTry);
  const bool locked = next(mutex);
  __tsan_mutex_post_lock(
      mutex, locked ? kTry : kTry | __tsan_mutex_try_lock_failed, 0);
  return locked;
}

void Unlock(void* mutex) __asm__(MUTEX "6UnlockEv");
void Unlock(void* mutex) {
  static const auto next = Next<void(void*)>(MUTEX "6UnlockEv");
  __tsan_mutex_pre_unlock(mutex, 0);
  next(mutex);
  __tsan_mutex_post_unlock(mutex, 0);
}

void Await(void* mutex,
           const void* condition) __asm__(MUTEX "5AwaitERKNS0_9ConditionE");
void Await(void* mutex, const void* condition) {
  static const auto next =
      Next<void(void*, const void*)>(MUTEX "5AwaitERKNS0_9ConditionE");
  Waiting(mutex, [&] { next(mutex, condition); });
}

// As absl::Notification waits.
void LockWhen(void* mutex,
              const void* condition) __asm__(MUTEX
                                             "8LockWhenERKNS0_9ConditionE");
void LockWhen(void* mutex, const void* condition) {
  static const auto next =
      Next<void(void*, const void*)>(MUTEX "8LockWhenERKNS0_9ConditionE");
  __tsan_mutex_pre_lock(mutex, 0);
  next(mutex, condition);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

void Wait(void* self, void* mutex) __asm__(COND_VAR "4WaitEPNS0_5MutexE");
void Wait(void* self, void* mutex) {
  static const auto next =
      Next<void(void*, void*)>(COND_VAR "4WaitEPNS0_5MutexE");
  Waiting(mutex, [&] { next(self, mutex); });
}

// WaitWithTimeout() calls this one.
bool WaitWithDeadline(void* self, void* mutex, Moment deadline) __asm__(
    COND_VAR "16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
bool WaitWithDeadline(void* self, void* mutex, Moment deadline) {
  static const auto next = Next<bool(void*, void*, Moment)>(
      COND_VAR "16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return Waiting(mutex, [&] { return next(self, mutex, deadline); });
}

// These options hold without TSAN_OPTIONS, however the program is started.
extern "C" const char* __tsan_default_options() {
  return "halt_on_error=0 exitcode=66 history_size=4 "
         "ignore_noninstrumented_modules=1";
}

// gRPC's own threads and fences cannot be followed either. So its promise is
// stated here: a batch is complete after it was started.
extern "C" grpc_call_error grpc_call_start_batch(grpc_call* call,
                                                 const grpc_op* ops,
                                                 size_t count, void* tag,
                                                 void* reserved) {
  static const auto next =
      Next<decltype(grpc_call_start_batch)>("grpc_call_start_batch");
  __tsan_release(tag);
  return next(call, ops, count, tag, reserved);
}

extern "C" grpc_event grpc_completion_queue_next(grpc_completion_queue* queue,
                                                 gpr_timespec deadline,
                                                 void* reserved) {
  static const auto next =
      Next<decltype(grpc_completion_queue_next)>("grpc_completion_queue_next");
  const grpc_event event = next(queue, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
  return event;
}

// The end of a call is counted by its library; both accesses are of its headers
// to its own objects.
extern "C" const char* __tsan_default_suppressions() {
  return "race_top:^grpc::internal::\n";
}
