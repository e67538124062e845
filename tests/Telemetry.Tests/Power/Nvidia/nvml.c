// A stand-in for NVIDIA's management library with two GPUs: what nvml.h declares, as far as the server uses it. Until it is steered, the
// first GPU takes 300 W all the time.
#include <stdint.h>
#include <string.h>
#include <time.h>

typedef int nvmlReturn_t;
typedef struct gpu *nvmlDevice_t;

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9 };

typedef struct { unsigned int gpu, memory; } nvmlUtilization_t;
typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
typedef struct { unsigned int pid; unsigned long long timeStamp; unsigned int smUtil, memUtil, encUtil, decUtil; } nvmlProcessUtilizationSample_t;
typedef struct { unsigned int pid; unsigned long long usedGpuMemory; unsigned int gpuInstanceId, computeInstanceId; } nvmlProcessInfo_t;

struct gpu
{
    const char *name, *uuid;
    int has_energy, is_unified;
    unsigned long long energy_mj, used, throttle;
    unsigned int power_mw, utilization;
};

static struct gpu gpus[2];
static int initialized, is_loaded = 1, is_steered;
static unsigned int self_pid, num_processes;
static unsigned long long sample_time;

static __attribute__((constructor)) void begin(void)
{
    gpus[0] = (struct gpu){ "NVIDIA H100 80GB HBM3", "GPU-0", 1, 0, 1000000, 60000000000ULL, 0, 350000, 97 };
    gpus[1] = (struct gpu){ "NVIDIA GB10", "GPU-1", 0, 1, 0, 0, 0, 11000, 0 };
    is_loaded = 1;
    num_processes = 2;
    sample_time = 1000000;
}

// Steering.
void stand_in_reset(void)
{
    begin();
    is_steered = 1;
}

void stand_in_set(int gpu, unsigned long long energy_mj, unsigned int power_mw, unsigned int utilization, unsigned long long throttle)
{
    gpus[gpu].energy_mj = energy_mj;
    gpus[gpu].power_mw = power_mw;
    gpus[gpu].utilization = utilization;
    gpus[gpu].throttle = throttle;
}

void stand_in_load_driver(int loaded) { is_loaded = loaded; }
void stand_in_unload(void) { initialized = 0; }
void stand_in_set_self(unsigned int pid) { self_pid = pid; }
void stand_in_set_processes(unsigned int count) { num_processes = count; }
int stand_in_count(void) { return initialized; }

// The library.
nvmlReturn_t nvmlInit_v2(void)
{
    if (!is_loaded) return DRIVER_NOT_LOADED;
    initialized++;
    return SUCCESS;
}

nvmlReturn_t nvmlShutdown(void)
{
    if (initialized == 0) return UNINITIALIZED;
    initialized--;
    return SUCCESS;
}

const char *nvmlErrorString(nvmlReturn_t status) { return status == UNINITIALIZED ? "Uninitialized" : "Unknown Error"; }

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count)
{
    *count = 2;
    return initialized ? SUCCESS : UNINITIALIZED;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device)
{
    if (!initialized) return UNINITIALIZED;
    if (index > 1) return INVALID_ARGUMENT;
    *device = &gpus[index];
    return SUCCESS;
}

static nvmlReturn_t copy(const char *text, char *target, unsigned int length)
{
    if (strlen(text) >= length) return INSUFFICIENT_SIZE;
    strcpy(target, text);
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length) { return copy(device->name, name, length); }
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned int length) { return copy(device->uuid, uuid, length); }

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *milliwatts)
{
    if (!initialized) return UNINITIALIZED;
    *milliwatts = device->power_mw;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long *millijoules)
{
    if (!initialized) return UNINITIALIZED;
    if (!device->has_energy) return NOT_SUPPORTED;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *millijoules = is_steered ? device->energy_mj : 300000ULL * now.tv_sec + 300ULL * (now.tv_nsec / 1000000);
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *rates)
{
    if (!initialized) return UNINITIALIZED;
    rates->gpu = device->utilization;
    rates->memory = 1;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory)
{
    if (!initialized) return UNINITIALIZED;
    if (device->is_unified) return NOT_SUPPORTED;
    memory->total = 85520809984ULL;
    memory->used = device->used;
    memory->free = memory->total - memory->used;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned int *degrees)
{
    (void)device;
    *degrees = 64;
    return sensor == 0 ? SUCCESS : INVALID_ARGUMENT;
}

nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, int type, unsigned int *megahertz)
{
    (void)device;
    *megahertz = 1980;
    return type == 0 ? SUCCESS : INVALID_ARGUMENT;
}

nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long *reasons)
{
    *reasons = device->throttle;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device, nvmlProcessUtilizationSample_t *samples, unsigned int *count, unsigned long long last_seen)
{
    (void)last_seen;
    if (device->is_unified) return NOT_SUPPORTED;
    if (*count < num_processes) { *count = num_processes; return INSUFFICIENT_SIZE; }
    sample_time += 1000000;
    for (unsigned int i = 0; i < num_processes; i++)
        samples[i] = (nvmlProcessUtilizationSample_t){ i == 0 ? self_pid : 100000 + i, sample_time, i == 0 ? 50 : 20, 3, 4, 5 };
    *count = num_processes;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, nvmlProcessInfo_t *infos)
{
    if (device->is_unified) return NOT_SUPPORTED;
    if (*count < num_processes) { *count = num_processes; return INSUFFICIENT_SIZE; }
    for (unsigned int i = 0; i < num_processes; i++)
        infos[i] = (nvmlProcessInfo_t){ i == 0 ? self_pid : 100000 + i, i == 0 ? 44000000000ULL : 1000000000ULL, 0xffffffff, 0xffffffff };
    *count = num_processes;
    return SUCCESS;
}
