using InferenceServer.Server.Downloads;
using InferenceServer.Server.Hosting;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace InferenceServer.Server.Commands;

/// <summary>Shows how far a download is: a bar on a terminal, a line every tenth, or every half minute, otherwise. Says, too, why nothing arrives.</summary>
internal sealed class PullDisplay : IDisposable
{
    private const int LinePercent = 10;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(30);

    private readonly string _name;
    private readonly DownloadProgress _progress;
    private readonly CancellationTokenSource _done = new();
    private readonly Task _showing;
    private string? _toldTrouble;

    private PullDisplay(string name, DownloadProgress progress, Func<PullDisplay, Task> show)
    {
        _name = name;
        _progress = progress;
        _showing = Task.Run(() => show(this));
    }

    /// <summary>Begins to show.</summary>
    /// <param name="name">The file.</param>
    /// <param name="progress">Of its download.</param>
    public static PullDisplay Start(string name, DownloadProgress progress) =>
        new(name, progress, LoadingDisplay.IsTerminal ? display => display.ShowBarAsync() : display => display.ShowLinesAsync(Console.Out));

    /// <summary>For tests: begins to write lines, whatever the console is.</summary>
    internal static PullDisplay StartLines(string name, DownloadProgress progress, TextWriter output) => new(name, progress, display => display.ShowLinesAsync(output));

    /// <summary>Takes the bar away.</summary>
    public void Dispose()
    {
        _done.Cancel();
        _showing.Wait();
        _done.Dispose();
    }

    private bool IsChecking => _progress.NumChecked > 0;

    // Null if there is none, or it was told.
    private string? FindNewTrouble()
    {
        var trouble = _progress.Trouble;
        var isNew = trouble != _toldTrouble;
        _toldTrouble = trouble;
        return isNew ? trouble : null;
    }

    private async Task ShowBarAsync() => await AnsiConsole.Progress()
        .AutoClear(true)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new AmountColumn(), new RemainingTimeColumn())
        .StartAsync(async context =>
        {
            var task = context.AddTask(Markup.Escape(_name));
            var check = context.AddTask("Checking its SHA-256", autoStart: false);
            check.IsIndeterminate = false;
            while (!_done.IsCancellationRequested)
            {
                task.MaxValue = check.MaxValue = Math.Max(1, _progress.Length);
                task.Value = _progress.NumDone;
                if (FindNewTrouble() is { } trouble)
                {
                    // It comes to stand above the bar.
                    AnsiConsole.WriteLine($"{_name}: {trouble}");
                }

                if (IsChecking)
                {
                    check.StartTask();
                    check.Value = _progress.NumChecked;
                }

                await Task.Delay(Interval, _done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });

    private async Task ShowLinesAsync(TextWriter output)
    {
        var start = TimeProvider.System.GetTimestamp();
        var (lastTime, lastPercent, wasChecking) = (TimeSpan.Zero, -1, false);
        for (var isLast = false; !isLast;)
        {
            // Once more at the end: a small file is done before anybody looks.
            isLast = _done.IsCancellationRequested;

            // Looked at first: what is checked has all arrived, and is told so before.
            var isChecking = IsChecking;
            var (done, length, elapsed) = (_progress.NumDone, _progress.NumAtStart < _progress.Length ? _progress.Length : 0, TimeProvider.System.GetElapsedTime(start));
            var percent = length > 0 ? (int)(done * 100 / length) / LinePercent * LinePercent : -1;
            if (FindNewTrouble() is { } trouble)
            {
                await output.WriteLineAsync($"{_name}: {trouble}");
            }

            if (percent > lastPercent || (percent >= 0 && percent < 100 && elapsed - lastTime > LineInterval))
            {
                var arrived = done - _progress.NumAtStart;
                var rate = arrived > 0 ? $", {DataSize.Text((long)(arrived / Math.Max(elapsed.TotalSeconds, 0.001)))}/s" : "";
                await output.WriteLineAsync($"{_name}: {done * 100 / length} % of {DataSize.Text(length)}{rate}");
                (lastPercent, lastTime) = (percent, elapsed);
            }

            if (isChecking && !wasChecking)
            {
                await output.WriteLineAsync($"{_name}: checking its SHA-256");
                wasChecking = true;
            }

            await Task.Delay(Interval, _done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Spectre's own columns divide by 1,024 and call it MB.
    private sealed class AmountColumn : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(
            task.MaxValue <= 1 ? "" : $"{DataSize.Text((long)task.Value)} of {DataSize.Text((long)task.MaxValue)}{(task.Speed is > 0 and var speed ? $", {DataSize.Text((long)speed)}/s" : "")}");
    }
}
