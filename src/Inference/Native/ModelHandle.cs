using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace InferenceServer.Inference.Native;

/// <summary>
/// Owns a <c>llama_model</c>. Contexts and vocabularies hold it, so that it is freed after the last of them. Any thread.
/// </summary>
internal sealed unsafe class ModelHandle : SafeHandle
{
    /// <summary>Room for a description; longer ones are cut.</summary>
    private const int MaxDescription = 256;

    private ModelHandle(nint model)
        : base(0, ownsHandle: true)
    {
        SetHandle(model);
        NativeHandleCount.Add();
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>
    /// Loads a model file that was checked before, or null if the library could not: its log says why. Blocks for
    /// seconds to minutes; a cancelled load ends, with null, at its next report of progress.
    /// </summary>
    public static ModelHandle? Load(ModelLoadSettings settings, CancellationToken cancellationToken)
    {
        var parameters = LlamaApi.llama_model_default_params();
        parameters.VocabOnly = settings.VocabularyOnly ? (byte)1 : (byte)0;
        parameters.NumGpuLayers = settings.GpuLayers ?? -1;
        parameters.NoAlloc = settings.NoAlloc ? (byte)1 : (byte)0;

        // The library aborts over a mapped file of which it should allocate nothing.
        parameters.LoadMode = settings.NoAlloc ? LlamaLoadMode.None : settings.MLock ? LlamaLoadMode.MmapMLock : LlamaLoadMode.Auto;

        var devices = settings.Devices?.Select(device => device.Handle).Append(0).ToArray();
        LlamaKeyValueOverride[] overrides =
            [.. settings.HeaderOverrides.Select(pair => LlamaKeyValueOverride.String(pair.Key, pair.Value)), default];
        var progress = GCHandle.Alloc(new LoadProgress(settings.Progress, cancellationToken));
        try
        {
            fixed (nint* devicePointer = devices)
            fixed (LlamaKeyValueOverride* overridePointer = overrides)
            fixed (byte* path = Encoding.UTF8.GetBytes(settings.Path + '\0'))
            {
                parameters.Devices = devicePointer;
                parameters.KeyValueOverrides = settings.HeaderOverrides.Count > 0 ? overridePointer : null;
                parameters.ProgressCallback = &OnProgress;
                parameters.ProgressCallbackUserData = (void*)GCHandle.ToIntPtr(progress);
                var model = LlamaApi.llama_model_load_from_file(path, parameters);
                return model != 0 ? new ModelHandle(model) : null;
            }
        }
        finally
        {
            progress.Free();
        }
    }

    /// <summary>The library's name for the model: architecture, size class, quantization.</summary>
    public string ReadDescription()
    {
        var buffer = stackalloc byte[MaxDescription];
        buffer[0] = 0;
        _ = LlamaApi.llama_model_desc(this, buffer, MaxDescription);
        return Marshal.PtrToStringUTF8((nint)buffer) ?? string.Empty;
    }

    protected override bool ReleaseHandle()
    {
        LlamaApi.llama_model_free(handle);
        NativeHandleCount.Remove();
        return true;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnProgress(float share, void* userData)
    {
        var progress = (LoadProgress)GCHandle.FromIntPtr((nint)userData).Target!;
        return progress.Report(share) ? (byte)1 : (byte)0;
    }

    private sealed class LoadProgress(Action<float>? report, CancellationToken cancellationToken)
    {
        /// <summary>Passes a share on; false ends the load.</summary>
        public bool Report(float share)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return false;
            }

            try
            {
                report?.Invoke(share);
            }
#pragma warning disable CA1031 // An exception that leaves for native code ends the process; an unseen share does not.
            catch (Exception)
            {
            }
#pragma warning restore CA1031

            return true;
        }
    }
}
