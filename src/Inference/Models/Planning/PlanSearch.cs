namespace InferenceServer.Inference.Models.Planning;

/// <summary>Finds settings that fit.</summary>
public static class PlanSearch
{
    // What the setting allows.
    private const int MaxContext = 16_777_216;

    private const int Step = 256;

    /// <summary>The settings, without slices if those are optional and only so everything fits.</summary>
    public static PlanSettings FitSlices(ModelFile file, PlanSettings settings, IReadOnlyCollection<MemoryLimit> limits) =>
        settings is { AreSlicesOptional: true, SlicedTokens: > 0 } && MemoryPlan.Create(file, settings).FindExceeded(limits).Count > 0 ? settings with { SlicedTokens = 0 } : settings;

    /// <summary>The largest context, in steps of 256 and without slices if those are optional, with which everything else as it is fits; 0 if not even the smallest does.</summary>
    public static int FindLargestContext(ModelFile file, PlanSettings settings, IReadOnlyCollection<MemoryLimit> limits)
    {
        settings = settings.AreSlicesOptional ? settings with { SlicedTokens = 0 } : settings;
        var (fits, tooMany) = (0, (MaxContext / Step) + 1);
        while (tooMany - fits > 1)
        {
            var middle = (fits + tooMany) / 2;
            var isFitting = MemoryPlan.Create(file, settings with { Context = middle * Step }).FindExceeded(limits).Count == 0;
            (fits, tooMany) = isFitting ? (middle, tooMany) : (fits, middle);
        }

        return fits * Step;
    }
}
