// A stand-in for the macOS libraries that the server calls: CoreFoundation, IOKit, IOReport, and a few functions of libSystem. Objects are
// counted, a released object is poisoned, and a wrong type ends the test process: what Apple's libraries would punish later is punished here.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Objects

enum kind { STRING = 11, ARRAY, DICTIONARY, DATA, NUMBER, SUBSCRIPTION };

typedef struct object
{
    uint64_t magic;
    enum kind kind;
    long references;
    long count;
    struct object **items, **keys;
    char *bytes;
    int64_t number;
} object;

#define LIVE 0x11fe11fe11fe11feULL

static long live_objects, live_ports;

static void fail(const char *what)
{
    fprintf(stderr, "stand-in: %s\n", what);
    abort();
}

static object *check(const object *o, int kind)
{
    if (!o || o->magic != LIVE) fail("an object that does not live");
    if (kind && (int)o->kind != kind) fail("an object of the wrong kind");
    return (object *)o;
}

static object *make(enum kind kind)
{
    object *o = calloc(1, sizeof *o);
    o->magic = LIVE;
    o->kind = kind;
    o->references = 1;
    live_objects++;
    return o;
}

static object *retain(object *o)
{
    check(o, 0)->references++;
    return o;
}

void CFRelease(object *o)
{
    check(o, 0);
    if (--o->references > 0) return;
    for (long i = 0; i < o->count; i++)
    {
        if (o->items) CFRelease(o->items[i]);
        if (o->keys) CFRelease(o->keys[i]);
    }
    o->magic = 0xdeadULL; // and stays allocated, so that another use is noticed
    live_objects--;
}

static object *text(const char *s)
{
    object *o = make(STRING);
    o->bytes = strdup(s);
    return o;
}

static object *number(int64_t value)
{
    object *o = make(NUMBER);
    o->number = value;
    return o;
}

static object *data(const void *bytes, long count)
{
    object *o = make(DATA);
    o->bytes = malloc(count);
    memcpy(o->bytes, bytes, count);
    o->number = count;
    return o;
}

static void append(object *o, object *key, object *item)
{
    o->items = realloc(o->items, (o->count + 1) * sizeof *o->items);
    o->items[o->count] = item;
    if (key)
    {
        o->keys = realloc(o->keys, (o->count + 1) * sizeof *o->keys);
        o->keys[o->count] = key;
    }
    o->count++;
}

static object *lookup(object *dictionary, const char *key)
{
    for (long i = 0; i < check(dictionary, DICTIONARY)->count; i++)
        if (!strcmp(dictionary->keys[i]->bytes, key)) return dictionary->items[i];
    return 0;
}

static void set(object *dictionary, const char *key, object *item) { append(dictionary, text(key), item); }

// ---- CoreFoundation

const int kCFTypeArrayCallBacks = 1;

unsigned long CFGetTypeID(object *o) { return check(o, 0)->kind; }
unsigned long CFStringGetTypeID(void) { return STRING; }
unsigned long CFArrayGetTypeID(void) { return ARRAY; }
unsigned long CFDictionaryGetTypeID(void) { return DICTIONARY; }
unsigned long CFDataGetTypeID(void) { return DATA; }
unsigned long CFNumberGetTypeID(void) { return NUMBER; }

object *CFStringCreateWithCString(void *allocator, const char *s, uint32_t encoding)
{
    if (allocator || encoding != 0x08000100) fail("CFStringCreateWithCString");
    return text(s);
}

unsigned char CFStringGetCString(object *s, char *buffer, long size, uint32_t encoding)
{
    check(s, STRING);
    if (encoding != 0x08000100) fail("CFStringGetCString");
    if ((long)strlen(s->bytes) >= size) return 0;
    strcpy(buffer, s->bytes);
    return 1;
}

long CFArrayGetCount(object *array) { return check(array, ARRAY)->count; }

object *CFArrayGetValueAtIndex(object *array, long index)
{
    if (index < 0 || index >= check(array, ARRAY)->count) fail("an index outside of the array");
    return array->items[index];
}

object *CFArrayCreateMutable(void *allocator, long capacity, const void *callbacks)
{
    if (allocator || capacity < 0 || callbacks != &kCFTypeArrayCallBacks) fail("CFArrayCreateMutable");
    return make(ARRAY);
}

void CFArrayAppendValue(object *array, object *item) { append(check(array, ARRAY), 0, retain(item)); }

object *CFDictionaryGetValue(object *dictionary, object *key) { return lookup(dictionary, check(key, STRING)->bytes); }

void CFDictionarySetValue(object *dictionary, object *key, object *item)
{
    check(key, STRING);
    retain(item);
    for (long i = 0; i < check(dictionary, DICTIONARY)->count; i++)
        if (!strcmp(dictionary->keys[i]->bytes, key->bytes))
        {
            CFRelease(dictionary->items[i]);
            dictionary->items[i] = item;
            return;
        }
    append(dictionary, retain(key), item);
}

long CFDataGetLength(object *d) { return check(d, DATA)->number; }

typedef struct { long location, length; } CFRange;

void CFDataGetBytes(object *d, CFRange range, unsigned char *buffer)
{
    if (range.location < 0 || range.location + range.length > check(d, DATA)->number) fail("a range outside of the data");
    memcpy(buffer, d->bytes + range.location, range.length);
}

unsigned char CFNumberGetValue(object *n, long type, int64_t *value)
{
    if (type != 4) fail("CFNumberGetValue");
    *value = check(n, NUMBER)->number;
    return 1;
}

// ---- IOReport: an M1 Ultra's worth of names, as far as they are wanted, and some that must not be.

typedef struct
{
    const char *group, *subgroup, *name, *unit;
    int num_states;
    const char *states[5];
    int64_t value, residency[5];
    uint64_t timestamp;
} channel;

static channel channels[] = {
    { "Energy Model", 0, "DIE_0_CPU Energy", "mJ", 0, { 0 }, 1000, { 0 }, 0 },
    { "Energy Model", 0, "DIE_1_CPU Energy", "mJ", 0, { 0 }, 2000, { 0 }, 0 },
    { "Energy Model", 0, "EACC_CPU0", "mJ", 0, { 0 }, 99999, { 0 }, 0 },
    { "Energy Model", 0, "GPU Energy", " nJ ", 0, { 0 }, 5000000000, { 0 }, 0 },
    { "Energy Model", 0, "GPU SRAM0_0", "mJ", 0, { 0 }, 10, { 0 }, 0 },
    { "Energy Model", 0, "ANE0_0", "mJ", 0, { 0 }, 0, { 0 }, 0 },
    { "Energy Model", 0, "ANE0_1", "mJ", 0, { 0 }, 0, { 0 }, 0 },
    { "Energy Model", 0, "DRAM0_0", "mJ", 0, { 0 }, 500, { 0 }, 0 },
    { "Energy Model", 0, "DRAM0_1", "furlongs", 0, { 0 }, 500, { 0 }, 0 },
    { "Energy Model", 0, "AMCC0", "mJ", 0, { 0 }, 99999, { 0 }, 0 },
    { "Energy Model", 0, "DTL0", "uJ", 0, { 0 }, 1, { 0 }, 0 },
    { "Energy Model", 0, "DTL0", "uJ", 0, { 0 }, 1, { 0 }, 0 },
    { "GPU Stats", "GPU Performance States", "GPUPH", "24Mticks", 4, { "OFF", "P1", "P2", "P3" }, 0, { 100, 10, 0, 0 }, 0 },
    { "GPU Stats", "GPU Performance States", "BSTGPUPH", "24Mticks", 2, { "OFF", "P1" }, 0, { 5, 5 }, 0 },
    { "GPU Stats", "Temperature", "GPUPH", "24Mticks", 2, { "OFF", "P1" }, 0, { 5, 5 }, 0 },
    { "PMP", "SOC Floor", "ANE-AF-BW", "24Mticks", 3, { "VMIN", "F1", "F2" }, 0, { 0, 0, 0 }, 0 },
    { "PMP", "DCS Floor", "ANE-DCS-BW", "24Mticks", 3, { "F1", "F2", "F3" }, 0, { 0, 0, 0 }, 0 },
    { "PMP", "DCS BW", "AMCC RD+WR", "24Mticks", 2, { "16GB/s", "32GB/s" }, 0, { 1, 1 }, 0 },
};

enum { NUM_CHANNELS = sizeof channels / sizeof *channels };

static uint64_t now_ticks = 24000000;
static int refuses_pmp, sample_reversed;

static object *channel_object(channel *c, int with_values)
{
    object *o = make(DICTIONARY);
    set(o, "name", text(c->name));
    if (c->subgroup) set(o, "subgroup", text(c->subgroup));
    if (c->unit) set(o, "unit", text(c->unit));
    set(o, "index", number(c - channels));
    if (with_values)
    {
        unsigned char element[64] = { 0 };
        memcpy(element + 24, &c->timestamp, 8);
        memcpy(element + 32, &c->value, 8);
        set(o, "RawElements", data(element, sizeof element));
    }
    return o;
}

static channel *of(object *o) { return &channels[lookup(o, "index")->number]; }

object *IOReportCopyChannelsInGroup(object *group, object *subgroup, uint64_t a, uint64_t b, uint64_t c)
{
    if (subgroup || a || b || c) fail("IOReportCopyChannelsInGroup");
    object *array = make(ARRAY);
    for (int i = 0; i < NUM_CHANNELS; i++)
        if (!strcmp(channels[i].group, check(group, STRING)->bytes)) append(array, 0, channel_object(&channels[i], 0));
    if (!array->count)
    {
        CFRelease(array);
        return 0;
    }
    object *all = make(DICTIONARY);
    set(all, "IOReportChannels", array);
    return all;
}

object *IOReportCreateSubscription(void *allocator, object *desired, object **subscribed, uint64_t id, object *options)
{
    if (allocator || id || options || !subscribed) fail("IOReportCreateSubscription");
    object *array = check(lookup(desired, "IOReportChannels"), ARRAY);
    if (!array->count || (refuses_pmp && !strcmp(of(array->items[0])->group, "PMP"))) return 0;
    *subscribed = retain(desired);
    object *subscription = make(SUBSCRIPTION);
    append(subscription, 0, retain(desired));
    return subscription;
}

object *IOReportCreateSamples(object *subscription, object *subscribed, object *options)
{
    object *wanted = check(lookup(check(subscription, SUBSCRIPTION)->items[0], "IOReportChannels"), ARRAY);
    if (options || subscribed != subscription->items[0]) fail("IOReportCreateSamples");
    object *array = make(ARRAY);
    for (long i = 0; i < wanted->count; i++)
        append(array, 0, channel_object(of(wanted->items[sample_reversed ? wanted->count - 1 - i : i]), 1));
    object *sample = make(DICTIONARY);
    set(sample, "IOReportChannels", array);
    return sample;
}

object *IOReportChannelGetChannelName(object *o) { return lookup(o, "name"); }
object *IOReportChannelGetSubGroup(object *o) { return lookup(o, "subgroup"); }
object *IOReportChannelGetUnitLabel(object *o) { return lookup(o, "unit"); }
int64_t IOReportSimpleGetIntegerValue(object *o, uint64_t *unit) { return unit || of(o)->num_states ? INT64_MIN : of(o)->value; }
int IOReportStateGetCount(object *o) { return of(o)->num_states ? of(o)->num_states : -1; }

object *IOReportStateGetNameForIndex(object *o, int index)
{
    // Cached in the channel, which keeps it, as the real one does.
    char key[16];
    snprintf(key, sizeof key, "state%d", index);
    if (!lookup(o, key)) set(o, key, text(of(o)->states[index]));
    return lookup(o, key);
}

int64_t IOReportStateGetResidency(object *o, int index) { return index < of(o)->num_states ? of(o)->residency[index] : INT64_MIN; }

// ---- libSystem

const uint32_t mach_task_self_ = 515;
static uint64_t thermal_level;

uint64_t mach_absolute_time(void) { return now_ticks; }

int mach_timebase_info(uint32_t *timebase)
{
    timebase[0] = 125;
    timebase[1] = 3;
    return 0;
}

uint32_t notify_register_check(const char *name, int *token)
{
    if (strcmp(name, "com.apple.system.thermalpressurelevel")) return 1;
    *token = 7;
    live_ports++;
    return 0;
}

uint32_t notify_get_state(int token, uint64_t *state)
{
    *state = thermal_level;
    return token == 7 ? 0 : 1;
}

uint32_t notify_cancel(int token)
{
    live_ports--;
    return token == 7 ? 0 : 1;
}

uint32_t geteuid(void) { return 501; }

// ---- Memory: a Mac of 128 GB under some pressure.

uint32_t mach_host_self(void) { return 771; }

int sysctlbyname(const char *name, void *value, size_t *size, void *new_value, size_t new_size)
{
    const struct { const char *name; size_t size; int64_t value[4]; } known[] = {
        { "hw.memsize", 8, { 137438953472 } },
        { "hw.pagesize", 8, { 16384 } },
        { "kern.memorystatus_vm_pressure_level", 4, { 2 } },
        { "vm.swapusage", 32, { 2147483648, 1147483648, 1000000000, 16384 } },
    };
    if (new_value || new_size) fail("sysctlbyname");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].name, name))
        {
            if (*size < known[i].size) return -1;
            memcpy(value, known[i].value, *size = known[i].size);
            return 0;
        }
    return -1;
}

int host_statistics64(uint32_t host, int flavor, uint32_t *statistics, uint32_t *count)
{
    // With a field more than anybody knows.
    uint32_t v[40] = { 0 };
    if (host != 771 || flavor != 4) fail("host_statistics64");
    if (*count < 40) return 4;
    v[3] = 2000;  // wired
    v[22] = 100;  // purgeable
    v[28] = 11;   // swapins
    v[30] = 12;   // swapouts
    v[32] = 500;  // compressor
    v[35] = 3000; // internal
    memcpy(statistics, v, sizeof v);
    *count = 40;
    return 0;
}

int proc_pid_rusage(int pid, int flavor, uint64_t *usage)
{
    if (pid <= 0 || flavor) fail("proc_pid_rusage");
    memset(usage, 0, 96);
    usage[6] = 77;
    usage[7] = 40000000000;
    usage[8] = 41000000000;
    usage[9] = 45000000000;
    return 0;
}

static int gpu_device;

void *MTLCreateSystemDefaultDevice(void) { return &gpu_device; }
const char *sel_registerName(const char *name) { return strdup(name); }

uint64_t objc_msgSend(void *receiver, const char *selector)
{
    if (receiver != &gpu_device) fail("objc_msgSend");
    return !strcmp(selector, "recommendedMaxWorkingSetSize") ? 115448725504 : !strcmp(selector, "currentAllocatedSize") ? 43000000000 : 0;
}

// ---- IOKit: entries are numbers, iterators count through a list.

enum { PMGR = 1, OTHER_ARM, SMC_FIRST, SMC_KEYS, ACCELERATOR, CLIENT_SELF, CLIENT_OTHER, CLIENT_OTHER_2, CLIENT_NONE };

typedef struct { uint32_t entries[8]; int next; } iterator;

static iterator iterators[16];
static int has_smc_keys = 1, num_connections;
static float pstr_watts = 61.4f;
static int64_t gpu_times[4];
static int self_pid;

static uint32_t iterate(const uint32_t *entries)
{
    for (uint32_t i = 0; i < 16; i++)
        if (!iterators[i].entries[0])
        {
            memcpy(iterators[i].entries, entries, sizeof iterators[i].entries);
            iterators[i].next = 0;
            live_ports++;
            return 1000 + i;
        }
    fail("too many iterators");
    return 0;
}

object *IOServiceMatching(const char *name)
{
    object *o = make(DICTIONARY);
    set(o, "class", text(name));
    return o;
}

int IOServiceGetMatchingServices(uint32_t port, object *matching, uint32_t *out)
{
    const char *name = lookup(matching, "class")->bytes;
    const uint32_t arm[8] = { OTHER_ARM, PMGR }, smc[8] = { SMC_FIRST, has_smc_keys ? SMC_KEYS : 0 }, gpu[8] = { ACCELERATOR };
    const uint32_t *entries = !strcmp(name, "AppleARMIODevice") ? arm : !strcmp(name, "AppleSMC") ? smc : !strcmp(name, "IOAccelerator") ? gpu : 0;
    if (port) fail("IOServiceGetMatchingServices");
    if (entries) *out = iterate(entries);
    CFRelease(matching);
    return entries ? 0 : -1;
}

int IORegistryEntryGetChildIterator(uint32_t entry, const char *plane, uint32_t *out)
{
    const uint32_t clients[8] = { CLIENT_SELF, CLIENT_OTHER, CLIENT_OTHER_2, CLIENT_NONE };
    if (entry != ACCELERATOR || strcmp(plane, "IOService")) return -1;
    *out = iterate(clients);
    return 0;
}

uint32_t IOIteratorNext(uint32_t port)
{
    iterator *it = &iterators[port - 1000];
    uint32_t entry = it->next < 8 ? it->entries[it->next] : 0;
    if (entry)
    {
        it->next++;
        live_ports++;
    }
    return entry;
}

int IOObjectRelease(uint32_t port)
{
    if (port >= 1000) iterators[port - 1000].entries[0] = 0;
    live_ports--;
    return 0;
}

int IORegistryEntryGetName(uint32_t entry, char *name)
{
    strcpy(name, entry == PMGR ? "pmgr" : entry == SMC_FIRST ? "AppleSMCInterface" : entry == SMC_KEYS ? "AppleSMCKeysEndpoint" : "other");
    return 0;
}

int IORegistryEntryGetRegistryEntryID(uint32_t entry, uint64_t *id)
{
    *id = 0x100000000ULL + entry;
    return 0;
}

object *IORegistryEntryCreateCFProperty(uint32_t entry, object *key, void *allocator, uint32_t options)
{
    const char *name = check(key, STRING)->bytes;
    if (allocator || options) fail("IORegistryEntryCreateCFProperty");
    if (entry == PMGR && !strcmp(name, "voltage-states9"))
    {
        const uint32_t table[] = { 0, 0, 396000000, 700, 720000000, 800, 1296000000, 900 };
        return data(table, sizeof table);
    }
    if (entry >= CLIENT_SELF && entry <= CLIENT_OTHER_2 && !strcmp(name, "AppUsage"))
    {
        // Two interfaces, half of the time each.
        object *usage = make(ARRAY);
        for (int i = 0; i < 2; i++)
        {
            object *item = make(DICTIONARY);
            set(item, "accumulatedGPUTime", number(gpu_times[entry - CLIENT_SELF] / 2));
            append(usage, 0, item);
        }
        return usage;
    }
    if (entry >= CLIENT_SELF && !strcmp(name, "IOUserClientCreator"))
    {
        char creator[64];
        snprintf(creator, sizeof creator, "pid %d, some name", entry == CLIENT_SELF ? self_pid : 400 + (int)entry);
        return text(creator);
    }
    return 0;
}

int IORegistryEntryCreateCFProperties(uint32_t entry, object **properties, void *allocator, uint32_t options)
{
    if (entry != ACCELERATOR || allocator || options) fail("IORegistryEntryCreateCFProperties");
    object *statistics = make(DICTIONARY);
    set(statistics, "Device Utilization %", number(42));
    set(statistics, "In use system memory", number(45000000000));
    *properties = make(DICTIONARY);
    set(*properties, "PerformanceStatistics", statistics);
    return 0;
}

int IOServiceOpen(uint32_t service, uint32_t task, uint32_t type, uint32_t *connection)
{
    if (task != mach_task_self_ || type) fail("IOServiceOpen");
    num_connections++;
    live_ports++;
    *connection = 2000 + service;
    return 0;
}

int IOServiceClose(uint32_t connection)
{
    if (connection < 2000) fail("IOServiceClose");
    live_ports--;
    return 0;
}

int IOConnectCallStructMethod(uint32_t connection, uint32_t selector, const unsigned char *in, size_t in_size, unsigned char *out, size_t *out_size)
{
    uint32_t key, size;
    if (in_size != 80 || *out_size != 80) return (int)0xe00002c2;
    if (selector != 2 || connection != 2000u + (has_smc_keys ? SMC_KEYS : SMC_FIRST)) fail("IOConnectCallStructMethod");
    memcpy(&key, in, 4);
    memcpy(&size, in + 28, 4);
    memset(out, 0, 80);
    if (key != 0x50535452) // PSTR
    {
        out[40] = 132;
        return 0;
    }
    if (in[42] == 9)
    {
        const uint32_t four = 4, type = 0x666c7420;
        memcpy(out + 28, &four, 4);
        memcpy(out + 32, &type, 4);
    }
    else if (in[42] == 5 && size == 4)
    {
        memcpy(out + 48, &pstr_watts, 4);
    }
    else
    {
        out[40] = 1;
    }
    return 0;
}

// ---- Steering

long stand_in_objects(void) { return live_objects; }
long stand_in_ports(void) { return live_ports; }
void stand_in_set_ticks(uint64_t ticks) { now_ticks = ticks; }
void stand_in_set_pstr(float watts) { pstr_watts = watts; }
void stand_in_set_thermal(uint64_t level) { thermal_level = level; }
void stand_in_set_self(int pid) { self_pid = pid; }
void stand_in_set_gpu_time(int client, int64_t nanoseconds) { gpu_times[client] = nanoseconds; }
void stand_in_refuse_pmp(int refuses) { refuses_pmp = refuses; }
void stand_in_reverse_samples(int reversed) { sample_reversed = reversed; }
void stand_in_keep_smc_keys(int keeps) { has_smc_keys = keeps; }

void stand_in_set_channel(const char *name, int64_t value, uint64_t timestamp)
{
    for (int i = 0; i < NUM_CHANNELS; i++)
        if (!strcmp(channels[i].name, name))
        {
            channels[i].value = value;
            channels[i].timestamp = timestamp;
        }
}

void stand_in_set_residency(const char *name, int state, int64_t ticks)
{
    for (int i = 0; i < NUM_CHANNELS; i++)
        if (!strcmp(channels[i].name, name)) channels[i].residency[state] = ticks;
}
